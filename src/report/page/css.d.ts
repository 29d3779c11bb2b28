// The style sheet is a file of its own (build.mjs): its import says only that the page needs it.
declare module '*.css';
