/** A sample, pattern or format that cannot be compiled; the message is completed by who knows the line. */
export class ExpressionError extends Error {}

/** The same, found in a fetch's or converter's own arguments: ACL messages leave out the prefix. */
export class ArgumentError extends ExpressionError {
  readonly detail: string;

  constructor(prefix: string, detail: string) {
    super(`${prefix} : ${detail}`);
    this.detail = detail;
  }
}
