/** Reads the header fields by which a request says what it expects, and whether it was sent before. */
import { InvalidInput } from "@tokenry/core"
import { readIdempotencyKey, readIfMatch } from "@tokenry/http"
import type Koa from "koa"

/**
 * The revisions of which one has to be there still, as `If-Match` tells them; `undefined` if any will do. Throws
 * `InvalidInput`, which is answered 400, if it can't be read.
 */
export const expectedRevisionOf = (ctx: Koa.Context): ReadonlyArray<number> | undefined => {
  const ifMatch = readIfMatch(fieldOf(ctx, "if-match"))
  switch (ifMatch._tag) {
    case "Revisions":
      return ifMatch.revisions
    case "Invalid":
      throw flawOf("If-Match", 'must be * or a list of entity-tags, as "r7"')
    default:
      return undefined
  }
}

/** The key in `Idempotency-Key`; `undefined` if there is none. Throws `InvalidInput` if it can't be read. */
export const idempotencyKeyOf = (ctx: Koa.Context): string | undefined => {
  const field = readIdempotencyKey(fieldOf(ctx, "idempotency-key"))
  if (field._tag === "Invalid") {
    throw flawOf("Idempotency-Key", "must be one string in double quotes, of 1 to 255 characters in ASCII")
  }
  return field._tag === "Key" ? field.key : undefined
}

/** All of its values; `undefined` if it is not there, while Koa's `get` says the same of an empty one. */
const fieldOf = (ctx: Koa.Context, name: string): string | undefined => {
  const value = ctx.req.headers[name]
  return Array.isArray(value) ? value.join(", ") : value
}

const flawOf = (field: string, message: string) => new InvalidInput({ issues: [{ path: [field], message }] })
