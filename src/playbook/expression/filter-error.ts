// What filters, tests and methods throw: the sentence's second half; the evaluator puts name and place in front of it.

export class FilterError extends Error {}
