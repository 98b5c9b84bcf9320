/** An error with an HTTP status. */
export class HttpError extends Error {
  override readonly name = "HttpError"
  readonly status: number
  /** Whether the client may see the message. */
  readonly expose = true

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Returns the value; throws a 404 if it is `undefined`. */
export const found = <A>(value: A | undefined): A => {
  if (value === undefined) throw new HttpError(404, "Not found")
  return value
}
