/** Reads and checks what a request carries: JSON bodies and query parameters. */
import { bodyParser } from "@koa/bodyparser"
import { InvalidInput, parseRequest } from "@tokenry/core"
import { Effect, Result, type Schema } from "effect"
import type Koa from "koa"
import { HttpError } from "./HttpError.ts"

const parseJson = bodyParser({
  enableTypes: ["json"],
  jsonLimit: "16kb",
  parsedMethods: ["POST", "PATCH"],
  onError: (error) => {
    throw error
  },
})

type Shape = Schema.Top & { readonly DecodingServices: never }

/**
 * The request's JSON body, of the schema's shape and without other fields. Fails with 415 if it is not declared to be
 * JSON or is compressed, 413 above 16 KiB, 400 if it doesn't parse, and `InvalidInput` with all that is wrong with its shape.
 */
export const readBody = async <S extends Shape>(ctx: Koa.Context, schema: S): Promise<S["Type"]> => {
  const isPlain = ["", "identity"].includes(ctx.get("Content-Encoding"))
  const isUtf8 = ["", "utf-8", "utf8"].includes(ctx.request.charset.toLowerCase())
  if (!isPlain || !isUtf8 || !ctx.is("application/json")) {
    throw new HttpError(415, "The body has to be JSON in UTF-8, not compressed")
  }
  await parseJson(ctx, async () => {})
  return checked(schema, (ctx.request as { readonly body?: unknown }).body)
}

/** The query's parameters, each given once, `limit` as a number. */
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
