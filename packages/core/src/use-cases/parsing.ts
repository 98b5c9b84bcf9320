/** Checks requests, and keeps plaintext tokens out of everything that is stored or reported. */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { type InputIssue, InvalidInput } from "../errors.ts"
import { type ActingCaller, parseRequest } from "./requests.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"
import { holdsToken, maskTokens } from "../token/tokensInText.ts"

/** The request if it has the schema's shape. Masks tokens that a client put into its origin. */
export type Parse = <S extends Schema.Top & { readonly DecodingServices: never }>(
  schema: S,
  request: unknown,
) => Effect.Effect<Owned<S["Type"]>, InvalidInput>

/** A parsed request has an owner: the caller's, if it was made with a token. */
type Owned<Request> = "ownedBy" extends keyof Request
  ? Omit<Request, "ownedBy"> & { readonly ownedBy: string }
  : Request

/** Stored texts besides the token's name, which the proposals check. */
const guarded = ["ownedBy", "issuedTo", "reason"] as const

/**
 * Refuses text that contains one of the application's tokens, wherever it is. Masks it in an origin, which the client
 * controls.
 */
export const makeParse = (formats: ReadonlyArray<TokenFormat>): Parse => {
  const withoutTokens = (origin: Attribution["origin"]) =>
    Object.fromEntries(Object.entries(origin).map(([name, text]) => [name, maskTokens(formats, String(text))]))

  const issuesOf = (request: Readonly<Record<string, unknown>>): ReadonlyArray<InputIssue> => {
    const by = request["by"] as Attribution | undefined
    const texts = [
      ...guarded.map((field) => ({ path: [field], text: request[field] })),
      { path: ["by", "actor", "id"], text: by && "id" in by.actor ? by.actor.id : undefined },
    ]
    return texts
      .filter(({ text }) => typeof text === "string" && holdsToken(formats, text))
      .map(({ path }) => ({ path, message: "must not contain a token" }))
  }

  return <S extends Schema.Top & { readonly DecodingServices: never }>(schema: S, request: unknown) =>
    Effect.flatMap(parseRequest(schema, request), (parsed): Effect.Effect<Owned<S["Type"]>, InvalidInput> => {
      const fields = parsed as Readonly<Record<string, unknown>>
      const issues = issuesOf(fields)
      if (issues.length > 0) return Effect.fail(new InvalidInput({ issues }))
      const { by, caller } = fields as { readonly by?: Attribution; readonly caller?: ActingCaller }
      return Effect.succeed({
        ...fields,
        ...(caller === undefined ? {} : { ownedBy: caller.ownedBy }),
        ...(by === undefined ? {} : { by: { ...by, origin: withoutTokens(by.origin) } }),
      } as Owned<S["Type"]>)
    })
}
