/** Says to a caller what a token stands for now (RFC 7662). */
import { Scope } from "@tokenry/core"
import type { Caller, PromiseApiTokens, TokenDetails } from "@tokenry/core/promise"
import { isCoreError } from "./CoreError.ts"
import type { HttpAnswer } from "./HttpAnswer.ts"
import { OAuthAnswers, oauthAnswerOf } from "./OAuthAnswers.ts"
import type { TokenForm } from "./TokenForm.ts"

export interface IntrospectionOptions {
  /** What `createApiTokens` gives. */
  readonly tokens: Pick<PromiseApiTokens, "inspect" | "find"> & Partial<Pick<PromiseApiTokens, "exercised">>
  /** The scope with which a caller may know of everybody's tokens. Without it, each knows of their owner's alone. */
  readonly scopeForAll?: string | undefined
}

export interface Introspection {
  /**
   * To what a verified caller asks: 200 with what the token stands for, or with `{"active":false}` and nothing else for
   * every token that is not accepted now or that the caller may not know of (RFC 7662 §2.2). 400 for a form that names
   * no token. It does not count as a use of that token, and a retired secret has no consequences.
   *
   * Costs what verifying costs, whatever is wrong with the token, and one look-up more for an active one. Rejects with
   * `RepositoryUnavailable`, to be answered with `OAuthAnswers.storeUnavailable`.
   */
  readonly answerTo: (form: TokenForm, caller: Caller) => Promise<HttpAnswer>
}

/** @throws Error if `scopeForAll` is no scope-token. */
const make = ({ tokens, scopeForAll }: IntrospectionOptions): Introspection => {
  if (scopeForAll !== undefined && !Scope.is(scopeForAll)) {
    throw new Error(`scopeForAll: ${JSON.stringify(scopeForAll)} is not an RFC 6749 scope-token`)
  }

  const mayKnow = (caller: Caller, subject: Caller): boolean => {
    if (caller.ownedBy === subject.ownedBy) return true
    if (scopeForAll === undefined || !caller.scopes.includes(scopeForAll)) return false
    tokens.exercised?.(caller, [scopeForAll])
    return true
  }

  return {
    answerTo: async (form, caller) => {
      if (form._tag === "Invalid") return OAuthAnswers.toForm(form.flaw)
      const inspected = await tokens.inspect(form.token)
      if (!inspected.accepted || !mayKnow(caller, inspected.caller)) return inactive
      const { tokenId: id, ownedBy } = inspected.caller
      const token = await tokens.find({ id, ownedBy }).catch(undefinedIfGone)
      return token === undefined || token.revokedAt !== null ? inactive : answerOf(describe(inspected.caller, token))
    },
  }
}

/** The members of RFC 7662 §2.2, with instants in whole seconds (RFC 7519 §2); what there is none of is left out. */
const describe = ({ scopes, ownedBy, expiresAt, tokenId }: Caller, { createdAt, issuedTo }: TokenDetails) => ({
  active: true,
  ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  ...(issuedTo === null ? {} : { client_id: issuedTo }),
  token_type: "Bearer",
  ...(expiresAt === null ? {} : { exp: secondsOf(expiresAt) }),
  iat: secondsOf(createdAt),
  sub: ownedBy,
  jti: tokenId,
})

/** Rounded down, so that nobody takes a token for live when it is not any more. */
const secondsOf = (instant: Date): number => Math.floor(instant.getTime() / 1000)

/** A token may be purged between one look-up and the next. */
const undefinedIfGone = (error: unknown): undefined => {
  if (!isCoreError(error) || error._tag !== "TokenNotFound") throw error
}

const answerOf = (body: object): HttpAnswer => oauthAnswerOf(200, body, { Vary: "Authorization" })

const inactive = answerOf({ active: false })

export const Introspection = { make } as const
