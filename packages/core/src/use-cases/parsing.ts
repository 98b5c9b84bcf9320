/** Checks requests, and keeps plaintext tokens out of everything that is stored or reported. */
import * as Effect from "effect/Effect"
import { type InputIssue, InvalidInput } from "../errors.ts"
import { usingLazily } from "../ports/lazily.ts"
import type { ActingCaller } from "./requestParts.ts"
import type * as Requests from "./requests.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"
import { holdsToken, maskTokens } from "../token/tokensInText.ts"

/**
 * The request if it has the shape of that name. Masks tokens that a client put into its origin. Reads the request when
 * called, so call it in an effect that runs.
 */
export type Parse = <Name extends RequestName>(
  name: Name,
  request: unknown,
) => Effect.Effect<Owned<Schemas[Name]["Type"]>, InvalidInput>

type Schemas = Pick<typeof Requests, RequestName>
type RequestName = Exclude<Extract<keyof typeof Requests, `${string}Request`>, "parseRequest">

const withSchemas = usingLazily(() => import("./requests.ts"))

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

  const holds = (text: unknown) => typeof text === "string" && holdsToken(formats, text)

  const issuesOf = (request: Readonly<Record<string, unknown>>): ReadonlyArray<InputIssue> => {
    const by = request["by"] as Attribution | undefined
    const paths: Array<ReadonlyArray<string>> = []
    for (const field of guarded) if (holds(request[field])) paths.push([field])
    if (by !== undefined && "id" in by.actor && holds(by.actor.id)) paths.push(["by", "actor", "id"])
    return paths.map((path) => ({ path, message: "must not contain a token" }))
  }

  const checked = <Name extends RequestName>(parsed: Schemas[Name]["Type"]) => {
    const fields = parsed as Readonly<Record<string, unknown>>
    const issues = issuesOf(fields)
    if (issues.length > 0) return Effect.fail(new InvalidInput({ issues }))
    const { by, caller } = fields as { readonly by?: Attribution; readonly caller?: ActingCaller }
    const owned = caller === undefined ? fields : { ...fields, ownedBy: caller.ownedBy }
    const masked = by === undefined ? owned : { ...owned, by: { ...by, origin: withoutTokens(by.origin) } }
    return Effect.succeed(masked as Owned<Schemas[Name]["Type"]>)
  }

  return <Name extends RequestName>(name: Name, request: unknown) =>
    withSchemas((schemas) => {
      const schema: Schemas[Name] = schemas[name]
      return Effect.flatMapEager(schemas.parseRequest(schema, request), checked<Name>)
    })
}
