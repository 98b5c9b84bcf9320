/** An error with the status that it is answered with. */
export class HttpError extends Error {
  override readonly name = "HttpError"
  readonly status: number
  /** Whether the client may be told the message. */
  readonly expose = true

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The value; or, if there is none, 404. */
export const found = <A>(value: A | undefined): A => {
  if (value === undefined) throw new HttpError(404, "There is no such thing")
  return value
}
