/** Lets whoever holds a token end it (RFC 7009). */
import type { Origin } from "@tokenry/core"
import type { PromiseApiTokens, Verification } from "@tokenry/core/promise"
import { isCoreError } from "./CoreError.ts"
import type { HttpAnswer } from "./HttpAnswer.ts"
import { OAuthAnswers } from "./OAuthAnswers.ts"
import type { TokenForm } from "./TokenForm.ts"

export interface RevocationOptions {
  /** What `createApiTokens` gives. */
  readonly tokens: Pick<PromiseApiTokens, "inspect" | "revoke">
}

export interface Revocation {
  /**
   * 200 without a body for whatever is sent as the token, valid or not (RFC 7009 §2.2): afterwards it is not accepted.
   * 400 for a form that names no token. Holding the token is all the authorization that it takes (§2.1): a secret in its
   * grace will do, and a token whose owner is not active is revoked too, or it would be back with them. What is dead
   * already, and a retired secret, is left as it is.
   *
   * The origin is where the request came from, for the token's history. Rejects with `RepositoryUnavailable`, to be
   * answered with `OAuthAnswers.storeUnavailable`: nobody knows then whether the token still lives.
   */
  readonly answerTo: (form: TokenForm, origin?: Origin) => Promise<HttpAnswer>
}

const make = ({ tokens }: RevocationOptions): Revocation => ({
  answerTo: async (form, origin = {}) => {
    if (form._tag === "Invalid") return OAuthAnswers.toForm(form.flaw)
    const held = heldOf(await tokens.inspect(form.token))
    if (held === undefined) return done
    const by = { actor: { kind: "token", id: held.tokenId }, origin } as const
    await tokens
      .revoke({ id: held.tokenId, ownedBy: held.ownedBy, reason: "revoked by its holder", by })
      .catch(ignoreIfGone)
    return done
  },
})

/** The token that who presented it can end; `undefined` if there is none. */
const heldOf = (verification: Verification): { readonly tokenId: string; readonly ownedBy: string } | undefined => {
  if (verification.accepted) return verification.caller
  return verification.refusal._tag === "OwnerInactive" ? verification.refusal : undefined
}

/** A token may be purged between one look-up and the next. */
const ignoreIfGone = (error: unknown): void => {
  if (!isCoreError(error) || error._tag !== "TokenNotFound") throw error
}

const done: HttpAnswer = { status: 200, headers: { "Cache-Control": "no-store" }, body: "" }

export const Revocation = { make } as const
