// What comes in: what the page shows, and the page's own program and style (built from page/). What goes out: one HTML file that needs nothing else.
// Guaranteed: the browser runs our program only (Content-Security-Policy, by its hash) and asks no network; no text of a host's can end the element
// that holds the data.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FleetTapError } from '../base/errors.js';
import { ownFile } from '../base/own-file.js';
import type { PageData } from './page-data.js';

/** Where build.mjs puts it. */
const BUILT = ownFile('dist/report-page/');

export function reportHtml(data: PageData): string {
  const script = built('main.js');
  const style = built('main.css');
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>fleet-tap report</title>
<style>${style}</style>
</head>
<body>
<main id="report"><noscript>This page shows its data with JavaScript, which is turned off here. Nothing is asked of any network.</noscript></main>
<script type="application/json" id="data">${json}</script>
<script>${script}</script>
</body>
</html>
`;
}

function built(name: string): string {
  try {
    return readFileSync(new URL(name, BUILT), 'utf8');
  } catch (cause) {
    throw new FleetTapError('input', 'report-not-built', 'the page of the report is not built', { hint: 'npm run build', cause });
  }
}
