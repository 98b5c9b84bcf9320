/** Reports whether a token is active, and its owner and scopes (RFC 7662). */
import { isApiTokensError } from "@tokenry/core"
import { checkOptions, isText, type OptionRules } from "@tokenry/core/adapter"
import type { Caller, PromiseApiTokens, TokenDetails } from "@tokenry/core/promise"
import { Guard, type GuardOptions, type GuardTokens, optionChecks, optionRules as guardRules } from "../guard/Guard.ts"
import { hasMethods } from "../guard/hasMethods.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { OAuthAnswers, oauthAnswerOf } from "./OAuthAnswers.ts"
import { type OAuthEndpoint, oauthEndpoint } from "./OAuthEndpoint.ts"
import { tokenIn } from "./TokenForm.ts"

export interface IntrospectionOptions<S extends string = string> extends Omit<
  GuardOptions<S>,
  "tokens" | "problemBase"
> {
  /** What `createApiTokens` returned. */
  readonly tokens: GuardTokens<S> & Pick<PromiseApiTokens<S>, "inspect" | "find">
  /** The scope that lets a caller look up everybody's tokens. Without it, callers see only their own owner's tokens. */
  readonly scopeForAll?: NoInfer<S> | undefined
}

/**
 * The endpoint. The caller authenticates with any accepted bearer token before the body is read. Responds 200 with the
 * token's details, or with just `{"active":false}` for any token that isn't accepted now or that the caller may not see
 * (§2.2). So is a `first-key` token before its first use, since the resource server couldn't bind it. A form without a
 * token is 400. Doesn't count as a use of the token.
 *
 * Costs one `verify` for the caller, a lookup for the token, and one more if the token is active.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; Error if `scopeForAll` is
 *   not a declared scope.
 */
const make = <S extends string>(options: IntrospectionOptions<S>): OAuthEndpoint => {
  checkOptions("introspection", options, optionRules, optionChecks)
  const { scopeForAll, ...guardOptions } = options
  const { tokens } = options
  const guard = Guard.makeForOAuth(guardOptions)
  if (scopeForAll !== undefined) guard.assertRequirable("scopeForAll", [scopeForAll])

  const maySee = (caller: Caller, subject: Caller): boolean =>
    caller.ownedBy === subject.ownedBy || (scopeForAll !== undefined && tokens.authorize(caller, [scopeForAll]).granted)

  return oauthEndpoint(async (request) => {
    const admission = await guard.admit(request)
    if (!admission.admitted) return { answer: admission.denial, cause: admission.denial.cause }
    const headers = { ...admission.headers, Vary: guard.vary }
    const form = tokenIn(await request.readForm())
    if (form._tag === "Invalid") return { answer: OAuthAnswers.toForm(form.flaw, headers) }
    const inspected = await tokens.inspect(form.token)
    if (!inspected.accepted || !maySee(admission.caller, inspected.caller)) return reply(inactive, headers)
    const { tokenId: id, ownedBy } = inspected.caller
    const token = await tokens.find({ id, ownedBy }).catch(undefinedIfGone)
    const isGone = token === undefined || token.revokedAt !== null
    if (inspected.caller.boundTo === "first-key") return reply(inactive, headers)
    return reply(isGone ? inactive : describe(inspected.caller, token), headers)
  })
}

const { problemBase: _, ...rulesOfGuard } = guardRules
export const optionRules: OptionRules<IntrospectionOptions> = {
  ...rulesOfGuard,
  tokens: [
    (value) => guardRules.tokens[0](value) && hasMethods("inspect", "find")(value),
    "write tokens: await createApiTokens({ … })",
  ],
  scopeForAll: [isText, 'write a declared scope, as in scopeForAll: "token:introspect"'],
}

const reply = (body: object, headers: HttpAnswer["headers"]) => ({
  answer: oauthAnswerOf(200, body, headers),
})

const inactive = { active: false }

/** The members of RFC 7662 §2.2, with instants in whole seconds (RFC 7519 §2). Omits absent values. */
const describe = ({ scopes, ownedBy, expiresAt, tokenId, boundTo }: Caller, { createdAt, issuedTo }: TokenDetails) => ({
  active: true,
  ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  ...(issuedTo === null ? {} : { client_id: issuedTo }),
  // RFC 9449 §6.2
  ...(boundTo === null ? { token_type: "Bearer" } : { token_type: "DPoP", cnf: { jkt: boundTo } }),
  ...(expiresAt === null ? {} : { exp: secondsOf(expiresAt) }),
  iat: secondsOf(createdAt),
  sub: ownedBy,
  jti: tokenId,
})

/** Rounded down, so an expired token never looks live. */
const secondsOf = (instant: Date): number => Math.floor(instant.getTime() / 1000)

/** A token may be purged between two lookups. */
const undefinedIfGone = (error: unknown): undefined => {
  if (!isApiTokensError(error) || error._tag !== "TokenNotFound") throw error
}

export const Introspection = { make } as const
