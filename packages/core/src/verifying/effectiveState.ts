/** A token's current state for pages that show it: the rules of verifying, applied without a request. */
import * as Option from "effect/Option"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import type { TokenState, VerifiableToken } from "../token/ApiToken.ts"
import { Digest } from "../token/Digest.ts"
import type { Instant } from "../token/Instant.ts"
import type { Refusal, Side } from "../token/Refusal.ts"
import type { Scope } from "../token/Scope.ts"
import type { ScopeCatalogue } from "../token/ScopeCatalogue.ts"
import { Secret, type VerifiableSecret } from "../token/Secret.ts"
import { FreshFacts } from "./lookUp.ts"
import { judge, type MakeCaller } from "./verifying.ts"

/** Whether a token is accepted now, and what it may do. */
export interface EffectiveState {
  /**
   * `live`: its active secret is accepted. Otherwise `on` says whose state this is. `damaged`: an ancestor's record
   * can't be read, so verifying fails.
   */
  readonly state: TokenState | "owner-inactive" | "damaged"
  readonly on: Side
  /** What it may do, implied scopes included. Empty if it isn't live or permits nothing. */
  readonly scopes: ReadonlyArray<Scope>
  /** Scopes the token grants but an ancestor or its owner doesn't, or no longer does. */
  readonly withheld: ReadonlyArray<{ readonly scope: string; readonly on: Side }>
  /** Scopes of the token that the catalogue doesn't declare, or no longer declares. They grant nothing. */
  readonly undeclaredScopes: ReadonlyArray<string>
}

/** `ancestors` are the ones that exist. `owner` only matters if the token and all its ancestors are live. */
export const effectiveStateOf = (
  token: VerifiableToken,
  ancestors: ReadonlyArray<VerifiableToken>,
  owner: OwnerAuthority,
  catalogue: ScopeCatalogue,
  now: Instant,
): EffectiveState => {
  const own = catalogue.close(token.scopes)
  const undeclaredScopes = catalogue.undeclared(token.scopes)
  const verdict = judge(
    new FreshFacts({ token, secret: anActiveSecret }, ancestors, owner),
    own,
    catalogue,
    now,
    "unchecked",
    scopesOf,
  )
  if (verdict.accepted) {
    return { state: "live", on: "token", scopes: verdict.caller, withheld: [], undeclaredScopes }
  }
  const { refusal } = verdict
  if (refusal._tag === "InsufficientScope") {
    const withheld = refusal.missing
    const scopes = own.filter((scope) => !withheld.some((missing) => missing.scope === scope))
    return { state: "live", on: "token", scopes, withheld, undeclaredScopes }
  }
  return { ...deathOf(refusal), scopes: [], withheld: [], undeclaredScopes }
}

/** The same for a token with an ancestor whose record is damaged. */
export const stateBelowDamage = (token: VerifiableToken, catalogue: ScopeCatalogue): EffectiveState => ({
  state: "damaged",
  on: "ancestor",
  scopes: [],
  withheld: [],
  undeclaredScopes: catalogue.undeclared(token.scopes),
})

const deathOf = (refusal: Refusal): Pick<EffectiveState, "state" | "on"> => {
  switch (refusal._tag) {
    case "Revoked":
      return { state: "revoked", on: refusal.on }
    case "Expired":
      return { state: "expired", on: refusal.on }
    case "OwnerInactive":
      return { state: "owner-inactive", on: "owner" }
    default:
      throw new Error(`A token that was looked up can't be ${refusal._tag}`)
  }
}

/** All that matters of the caller here. */
const scopesOf: MakeCaller<ReadonlyArray<Scope>> = (_facts, _ancestors, scopes) => scopes

/** Stands in for the secret a client would present. */
const anActiveSecret: VerifiableSecret = {
  digest: Digest.fromHex("0".repeat(64)),
  generation: 0,
  keyId: Option.none(),
  state: Secret.active,
}
