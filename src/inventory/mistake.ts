/** What is wrong in an inventory, one sentence without a place: who reads the source adds the place. */
export class Mistake extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
