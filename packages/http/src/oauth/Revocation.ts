/** Lets the holder of a token revoke it (RFC 7009). */
import { isApiTokensError } from "@tokenry/core"
import { checkOptions, type OptionRules } from "@tokenry/core/adapter"
import type { PromiseApiTokens, Verification } from "@tokenry/core/promise"
import { hasMethods } from "../guard/hasMethods.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { limitsRule, type RateLimits } from "../rate-limits/RateLimits.ts"
import { OAuthAnswers } from "./OAuthAnswers.ts"
import { type OAuthEndpoint, oauthEndpoint } from "./OAuthEndpoint.ts"
import { tokenIn } from "./TokenForm.ts"

export interface RevocationOptions {
  /** What `createApiTokens` returned. */
  readonly tokens: Pick<PromiseApiTokens, "inspect" | "revoke">
  /** Limits how many different unknown tokens one address may send (RFC 7009 §5). Default: no limit. */
  readonly limits?: RateLimits | undefined
}

/**
 * The endpoint. Responds 200 without a body to anything sent as a token, valid or not (§2.2); afterwards that token is
 * not accepted. A form without a token is 400. Holding the token is the only authorization needed (§2.1): a secret in
 * its grace period works too, and so does a token whose owner is inactive, since reactivating the owner would revive
 * it.
 *
 * Costs one `verify`, plus a lookup and a write for a token that isn't revoked yet. After a 503 the token may still be
 * live.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type.
 */
const make = (options: RevocationOptions): OAuthEndpoint => {
  checkOptions("revocation", options, optionRules, { required: ["tokens"] })
  const { tokens, limits } = options
  return oauthEndpoint(async ({ readForm, address, origin = {} }) => {
    const form = tokenIn(await readForm())
    if (form._tag === "Invalid") return { answer: OAuthAnswers.toForm(form.flaw) }
    const held = heldOf(await tokens.inspect(form.token))
    if (held === undefined) {
      const verdict = await limits?.ofRefusal(address, form.token)
      if (verdict === undefined || verdict.allowed) return { answer: done }
      const answer = OAuthAnswers.limited(verdict, "Too many unknown tokens from this address")
      return { answer, cause: verdict.cause }
    }
    const by = { actor: { kind: "token", id: held.tokenId }, origin } as const
    await tokens
      .revoke({ id: held.tokenId, ownedBy: held.ownedBy, reason: "revoked by its holder", by })
      .catch(ignoreIfGone)
    return { answer: done }
  })
}

/** The token that the presented secret may revoke; `undefined` for any other string. */
const heldOf = (verification: Verification): { readonly tokenId: string; readonly ownedBy: string } | undefined => {
  if (verification.accepted) return verification.caller
  return verification.refusal._tag === "OwnerInactive" ? verification.refusal : undefined
}

/** A token may be purged between two lookups. */
const ignoreIfGone = (error: unknown): void => {
  if (!isApiTokensError(error) || error._tag !== "TokenNotFound") throw error
}

const done: HttpAnswer = { status: 200, headers: { "Cache-Control": "no-store" }, body: "" }

export const optionRules: OptionRules<RevocationOptions> = {
  tokens: [hasMethods("inspect", "revoke"), "write tokens: await createApiTokens({ … })"],
  limits: limitsRule,
}

export const Revocation = { make } as const
