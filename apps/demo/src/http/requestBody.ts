/** Reads and checks a request's input: JSON bodies and query parameters. */
import { InvalidInput } from "@tokenry/core"
import { parseRequest } from "@tokenry/core/requests"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type Koa from "koa"
import rawBody from "raw-body"
import { HttpError } from "./HttpError.ts"

type Shape = Schema.Top & { readonly DecodingServices: never }

/**
 * The request's JSON body, with the schema's shape and no other fields. Fails with 415 if it isn't declared as JSON or
 * is compressed, 413 above 16 KiB, 400 if it doesn't parse, and `InvalidInput` with every problem in its shape.
 */
export const readBody = async <S extends Shape>(ctx: Koa.Context, schema: S): Promise<S["Type"]> => {
  const isPlain = ["", "identity"].includes(ctx.get("Content-Encoding"))
  const isUtf8 = ["", "utf-8", "utf8"].includes(ctx.request.charset.toLowerCase())
  if (!isPlain || !isUtf8 || !ctx.is("application/json")) {
    throw new HttpError(415, "The body must be uncompressed JSON in UTF-8")
  }
  return checked(schema, parseJson(await rawBody(ctx.req, { length: ctx.get("Content-Length"), limit: "16kb" })))
}

/** The same, but a missing body counts as an empty object. */
export const readOptionalBody = async <S extends Shape>(ctx: Koa.Context, schema: S): Promise<S["Type"]> =>
  hasBody(ctx) ? readBody(ctx, schema) : checked(schema, {})

/** Whether there is a body of any type (RFC 9112 §6.3). */
const hasBody = (ctx: Koa.Context): boolean =>
  ctx.get("Transfer-Encoding") !== "" || !["", "0"].includes(ctx.get("Content-Length"))

/** Invalid UTF-8 is refused rather than replaced, so that strings come back unchanged. */
const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    throw Object.assign(new SyntaxError("The body is not JSON in UTF-8"), { status: 400 })
  }
}

/** The query parameters, each given once, with `limit` as a number. */
export const readQuery = <S extends Shape>(ctx: Koa.Context, schema: S): Promise<S["Type"]> =>
  checked(
    schema,
    Object.fromEntries(
      Object.entries(ctx.query).map(([name, value]) => [
        name,
        name === "limit" && typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value,
      ]),
    ),
  )

const checked = async <S extends Shape>(schema: S, value: unknown): Promise<S["Type"]> => {
  const result = await Effect.runPromise(Effect.result(parseRequest(schema, value)))
  if (Result.isFailure(result)) throw new InvalidInput(result.failure)
  return result.success
}
