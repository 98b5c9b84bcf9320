/** Reads the header fields for conditional and retried requests. */
import { InvalidInput } from "@tokenry/core"
import { readIdempotencyKey, readIfMatch } from "@tokenry/http"
import type Koa from "koa"

/**
 * The revisions allowed by `If-Match`; `undefined` if any will do. Throws `InvalidInput`, which becomes a 400, if it is
 * malformed.
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

/** The key in `Idempotency-Key`; `undefined` without that field. Throws `InvalidInput` if the key is malformed. */
export const idempotencyKeyOf = (ctx: Koa.Context): string | undefined => {
  const field = readIdempotencyKey(fieldOf(ctx, "idempotency-key"))
  if (field._tag === "Invalid") {
    throw flawOf("Idempotency-Key", "must be one string in double quotes, of 1 to 255 characters in ASCII")
  }
  return field._tag === "Key" ? field.key : undefined
}

/** All values of the field; `undefined` if it is missing. Koa's `get` can't distinguish that from an empty one. */
const fieldOf = (ctx: Koa.Context, name: string): string | undefined => {
  const value = ctx.req.headers[name]
  return Array.isArray(value) ? value.join(", ") : value
}

const flawOf = (field: string, message: string) => new InvalidInput({ issues: [{ path: [field], message }] })
