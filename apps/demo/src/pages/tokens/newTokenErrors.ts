/** Every rule a new token breaks, together with the form's own errors. */
import { holdsToken, TokenName } from "@tokenry/core/adapter"
import { olderTokenFormat, scopeCatalogue, tokenFormat, tokenPolicy } from "../../scopes.ts"
import { type Expiry, expiryErrors } from "./expiryChoice.ts"
import type { FieldErrors } from "../parts/form.ts"

interface NewToken {
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly expiry: Expiry | string
}

/**
 * `held` are the account's scopes. The use case decides again; this only reports the problem together with the form's
 * own errors.
 */
export const newTokenErrors = (
  { name, scopes, expiry }: NewToken,
  held: ReadonlyArray<string>,
  now: Date,
): FieldErrors => ({ ...nameErrors(name), ...expiryErrors(expiry, tokenPolicy, now), ...scopesErrors(scopes, held) })

const nameErrors = (name: string): FieldErrors => {
  const flaw =
    TokenName.flawOf(name) ??
    (holdsToken([tokenFormat, olderTokenFormat], name) ? "must not contain a token" : undefined)
  return flaw === undefined ? {} : { name: `The name ${flaw}.` }
}

const scopesErrors = (scopes: ReadonlyArray<string>, held: ReadonlyArray<string>): FieldErrors => {
  const flaw = scopes.map((scope) => scopeCatalogue.flawOf(scope)).find((flaw) => flaw !== undefined)
  if (flaw !== undefined) return { scopes: `Each scope ${flaw}.` }
  const notHeld = scopes.filter((scope) => !held.includes(scope))
  return notHeld.length === 0
    ? {}
    : { scopes: `Your account doesn't have ${notHeld.join(", ")}, so a token can't get it.` }
}
