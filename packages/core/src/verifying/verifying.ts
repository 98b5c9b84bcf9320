/**
 * The hot path: from what a client presents to a caller or a refusal. The cheapest check comes first, and nothing that
 * a stranger sends reaches the store before its checksum holds. Flat, without generators or spans, and where the store
 * answers at once, without a fiber: a verify costs little more than its hash.
 */
import { Effect } from "effect"
import type { RepositoryUnavailable } from "../errors.ts"
import { isAtHand } from "../ports/atHand.ts"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import { earliestExpiry, stateOf, type VerifiableToken } from "../token/ApiToken.ts"
import type { Caller } from "../token/Caller.ts"
import type { Digest } from "../token/Digest.ts"
import type { Instant } from "../token/Instant.ts"
import type { Refusal, Side } from "../token/Refusal.ts"
import type { Scope } from "../token/Scope.ts"
import type { ScopeCatalogue } from "../token/ScopeCatalogue.ts"
import { Secret } from "../token/Secret.ts"
import { flawOfAll, type TokenFlaw, type TokenFormat } from "../token/TokenFormat.ts"
import type { Facts, LookUp } from "./lookUp.ts"

export interface VerifierParts {
  readonly sha256: (plaintext: string) => Digest
  readonly lookUp: LookUp
  readonly catalogue: ScopeCatalogue
  readonly formats: ReadonlyArray<TokenFormat>
  readonly observer: VerifyObserver
}

/** Who notices what is verified, without a wait and without a word that could change it. */
export interface VerifyObserver {
  readonly onAccepted: (found: Facts["found"], required: ReadonlyArray<string>, sha256: Digest, at: number) => void
  readonly onRetired: (found: Facts["found"], at: number) => void
}

/** What verifying comes to. */
export type Verdict =
  | { readonly accepted: true; readonly caller: Caller }
  | { readonly accepted: false; readonly refusal: Refusal }

/** The verdict itself if the store and the directory of owners answer at once; else the effect that gives it. */
export type Deciding = Verdict | Effect.Effect<Verdict, RepositoryUnavailable>

export type Verifier = (presented: unknown, required: ReadonlyArray<string>, now: Instant) => Deciding

export const makeVerifier = ({ sha256, lookUp, catalogue, formats, observer }: VerifierParts): Verifier => {
  const decide = (facts: Facts | undefined, required: ReadonlyArray<string>, digest: Digest, now: Instant): Verdict => {
    if (facts === undefined) return unknown
    const verdict = judge(facts, required, catalogue, now)
    if (verdict.accepted) observer.onAccepted(facts.found, required, digest, now.epochMilliseconds)
    else if (Secret.isSuspicious(facts.found.secret, now)) observer.onRetired(facts.found, now.epochMilliseconds)
    return verdict
  }

  return (presented, required, now) => {
    const flaw = flawOfAll(formats, presented)
    if (flaw !== undefined) return malformed[flaw]
    const digest = sha256(presented as string)
    const facts = lookUp(digest, now)
    return isAtHand(facts)
      ? decide(facts.value, required, digest, now)
      : Effect.map(facts, (facts) => decide(facts, required, digest, now))
  }
}

/** The rules, in the order in which they are asked. */
const judge = (
  { found: { token, secret }, ancestors, owner }: Facts,
  required: ReadonlyArray<string>,
  catalogue: ScopeCatalogue,
  now: Instant,
): Verdict => {
  if (!Secret.isUsable(secret, now)) {
    return refuse({ _tag: "Retired", tokenId: token.id, generation: secret.generation })
  }
  const state = stateOf(token, now)
  if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "token" })
  if (ancestors.length < token.ancestors.length) {
    return refuse({ _tag: "Revoked", tokenId: token.id, on: "ancestor" })
  }
  for (const ancestor of ancestors) {
    const state = stateOf(ancestor, now)
    if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "ancestor" })
  }
  if (!owner.active) return refuse({ _tag: "OwnerInactive", tokenId: token.id, ownedBy: token.ownedBy })
  const limits = limitsOf(catalogue, ancestors, owner)
  const own = catalogue.close(token.scopes)
  const missing = missingFrom(required, own, limits)
  if (missing.length > 0) {
    return refuse({ _tag: "InsufficientScope", tokenId: token.id, ownedBy: token.ownedBy, required, missing })
  }
  return {
    accepted: true,
    caller: {
      tokenId: token.id,
      generation: secret.generation,
      ownedBy: token.ownedBy,
      ancestors: token.ancestors,
      scopes: limits.length === 0 ? own : own.filter((scope) => limits.every(({ scopes }) => scopes.includes(scope))),
      expiresAt: Secret.expiryOf(
        secret,
        ancestors.length === 0 ? token.expiresAt : earliestExpiry([token, ...ancestors]),
      ),
    },
  }
}

/** What holds a token's scopes down, one for each ancestor and for the owner. */
interface Limit {
  readonly on: Side
  readonly scopes: ReadonlyArray<Scope>
}

const limitsOf = (
  catalogue: ScopeCatalogue,
  ancestors: ReadonlyArray<VerifiableToken>,
  owner: OwnerAuthority & { readonly active: true },
): ReadonlyArray<Limit> => {
  if (ancestors.length === 0 && owner.scopes === "all") return none
  const limits = ancestors.map(({ scopes }): Limit => ({ on: "ancestor", scopes: catalogue.close(scopes) }))
  return owner.scopes === "all" ? limits : [...limits, { on: "owner", scopes: catalogue.close(owner.scopes) }]
}

const missingFrom = (
  required: ReadonlyArray<string>,
  own: ReadonlyArray<string>,
  limits: ReadonlyArray<Limit>,
): ReadonlyArray<{ readonly scope: string; readonly on: Side }> => {
  let missing: Array<{ readonly scope: string; readonly on: Side }> | undefined
  for (const scope of required) {
    const on = own.includes(scope)
      ? limits.find((limit) => !(limit.scopes as ReadonlyArray<string>).includes(scope))?.on
      : "token"
    if (on !== undefined) (missing ??= []).push({ scope, on })
  }
  return missing ?? none
}

/** Whether it is decided, or an effect that will. */
export const isVerdict = (deciding: Deciding): deciding is Verdict => "accepted" in deciding

const refuse = (refusal: Refusal): Verdict => ({ accepted: false, refusal })

const malformedBy = (flaw: TokenFlaw): Verdict =>
  Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Malformed", flaw }) })

const none: ReadonlyArray<never> = []
const unknown: Verdict = Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Unknown" }) })
const refusalOf = { revoked: "Revoked", expired: "Expired" } as const
const malformed = {
  NotAString: malformedBy("NotAString"),
  WrongPrefix: malformedBy("WrongPrefix"),
  WrongLength: malformedBy("WrongLength"),
  WrongCharacter: malformedBy("WrongCharacter"),
  WrongChecksum: malformedBy("WrongChecksum"),
} as const
