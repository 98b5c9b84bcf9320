/**
 * The hot path: turns what a client presents into a caller or a refusal. Cheapest checks first: nothing reaches the
 * store before its checksum is valid. Written flat, without generators or spans, and without a fiber if the store is
 * synchronous, so a verify costs little more than its hash.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { RepositoryUnavailable } from "../errors.ts"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import { expiryOf, stateAt, stateOf, type VerifiableToken } from "../token/ApiToken.ts"
import { missingAmong, type ScopeSide } from "../token/Caller.ts"
import type { Digest } from "../token/Digest.ts"
import type { Instant } from "../token/Instant.ts"
import { KeyBinding, type KeyThumbprint } from "../token/KeyBinding.ts"
import type { MissingScope, Refusal } from "../token/Refusal.ts"
import type { Scope } from "../token/Scope.ts"
import type { ScopeCatalogue } from "../token/ScopeCatalogue.ts"
import { Secret } from "../token/Secret.ts"
import { flawOfAll, type TokenFlaw, type TokenFormat } from "../token/TokenFormat.ts"
import type { TokenId } from "../token/TokenId.ts"
import { type Facts, isKnown, type LookUp } from "./lookUp.ts"

/** `C` is the API's kind of caller. */
export interface VerifierParts<C> {
  readonly sha256: (plaintext: string) => Digest
  readonly lookUp: LookUp
  readonly catalogue: ScopeCatalogue
  readonly formats: ReadonlyArray<TokenFormat>
  readonly makeCaller: MakeCaller<C>
  readonly observer: VerifyObserver
}

/** Watches each verify, for metrics, usage and reuse. It can't delay or change the verdict. */
export interface VerifyObserver {
  readonly onAccepted: (facts: Facts, required: ReadonlyArray<string>, sha256: Digest, at: number) => void
  readonly onInsufficient: (missing: ReadonlyArray<MissingScope>) => void
  readonly onReused: (facts: Facts, at: number) => void
}

/**
 * Makes the caller that an API returns. `expiry` is in milliseconds (`Infinity`: never), so that each API makes its own
 * kind of instant. All are passed by themselves, to save an object per verify.
 */
export type MakeCaller<C> = (
  facts: Facts,
  ancestors: ReadonlyArray<TokenId>,
  scopes: ReadonlyArray<Scope>,
  narrowedBy: ReadonlyArray<ScopeSide>,
  expiry: number,
) => C

/** The result of verifying. */
export type Verdict<C> =
  | { readonly accepted: true; readonly caller: C }
  | { readonly accepted: false; readonly refusal: Refusal }

/** The verdict itself if the store and the owner directory answer synchronously, otherwise an effect. */
export type Deciding<C> = Verdict<C> | Effect.Effect<Verdict<C>, RepositoryUnavailable>

/** The key whose proof came with the request, if any. `unchecked`: no client presents the token, so any key will do. */
export type ProvenKey = KeyThumbprint | "unchecked" | undefined

export type Verifier<C> = (
  presented: unknown,
  required: ReadonlyArray<string>,
  now: Instant,
  provenKey: ProvenKey,
) => Deciding<C>

export const makeVerifier = <C>({
  sha256,
  lookUp,
  catalogue,
  formats,
  makeCaller,
  observer,
}: VerifierParts<C>): Verifier<C> => {
  const decide = (
    facts: Facts | undefined,
    required: ReadonlyArray<string>,
    digest: Digest,
    now: Instant,
    provenKey: ProvenKey,
  ): Verdict<C> => {
    if (facts === undefined) return unknown
    const verdict = judge(facts, required, catalogue, now, provenKey, makeCaller)
    if (verdict.accepted) observer.onAccepted(facts, required, digest, now.epochMilliseconds)
    else if (verdict.refusal._tag === "InsufficientScope") observer.onInsufficient(verdict.refusal.missing)
    else if (Secret.isReuse(facts.secret, facts.expiry, now)) {
      observer.onReused(facts, now.epochMilliseconds)
    }
    return verdict
  }

  return (presented, required, now, provenKey) => {
    const flaw = flawOfAll(formats, presented)
    if (flaw !== undefined) return malformed[flaw]
    const digest = sha256(presented as string)
    const instant = new ReadOnce(now)
    const facts = lookUp(digest, instant)
    return isKnown(facts)
      ? decide(facts, required, digest, instant, provenKey)
      : Effect.map(facts, (facts) => decide(facts, required, digest, instant, provenKey))
  }
}

/** The rules, in order. */
export const judge = <C>(
  facts: Facts,
  required: ReadonlyArray<string>,
  catalogue: ScopeCatalogue,
  now: Instant,
  provenKey: ProvenKey,
  makeCaller: MakeCaller<C>,
): Verdict<C> => {
  const { token, expiry, secret, minters, owner } = facts
  if (!Secret.isUsable(secret, now)) {
    return refuse({ _tag: "Retired", tokenId: token.id, generation: secret.generation })
  }
  const state = stateAt(token, expiry, now)
  if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "token" })
  if (minters.length < token.ancestors.length) {
    return refuse({ _tag: "Revoked", tokenId: token.id, on: "ancestor" })
  }
  for (const minter of minters) {
    const state = stateOf(minter, now)
    if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "ancestor" })
  }
  if (!owner.active) return refuse({ _tag: "OwnerInactive", tokenId: token.id, ownedBy: token.ownedBy })
  const { boundTo } = token
  if (provenKey !== "unchecked" && (Option.isSome(boundTo) || provenKey !== undefined)) {
    const flaw = KeyBinding.flawOf(Option.getOrUndefined(boundTo), provenKey)
    if (flaw !== undefined) return refuse({ _tag: "WrongKey", tokenId: token.id, flaw })
  }
  const own = catalogue.close(token.scopes)
  const narrowedBy = sidesOf(own, catalogue, minters, owner)
  const scopes =
    narrowedBy.length === 0 ? own : own.filter((scope) => narrowedBy.every(({ scopes }) => scopes.includes(scope)))
  const missing = missingAmong(required, scopes, narrowedBy)
  if (missing.length > 0) {
    return refuse({ _tag: "InsufficientScope", tokenId: token.id, ownedBy: token.ownedBy, required, missing })
  }
  const ancestors = token.ancestors.length === 0 ? none : Object.freeze(token.ancestors)
  const ends = Secret.expiryOf(secret, minters.length === 0 ? expiry : Math.min(expiry, ...minters.map(expiryOf)))
  return { accepted: true, caller: makeCaller(facts, ancestors, scopes, narrowedBy, ends) }
}

/** The token's side, one per ancestor, and the owner's; none if nothing narrows the token. */
const sidesOf = (
  own: ReadonlyArray<string>,
  catalogue: ScopeCatalogue,
  ancestors: ReadonlyArray<VerifiableToken>,
  owner: OwnerAuthority & { readonly active: true },
): ReadonlyArray<ScopeSide> => {
  if (ancestors.length === 0 && owner.scopes === "all") return none
  const sides: Array<ScopeSide> = [{ on: "token", scopes: own }]
  for (const { scopes } of ancestors) sides.push({ on: "ancestor", scopes: catalogue.close(scopes) })
  if (owner.scopes !== "all") sides.push({ on: "owner", scopes: catalogue.close(owner.scopes) })
  return sides
}

/** Whether this is already a verdict rather than an effect. */
export const isVerdict = <C>(deciding: Deciding<C>): deciding is Verdict<C> => "accepted" in deciding

/**
 * The instant at which a clock is first read: a system call, which most refusals need not make. Without a cache that is
 * when the lookup has answered.
 */
class ReadOnce implements Instant {
  readonly #clock: Instant
  #milliseconds: number | undefined

  constructor(clock: Instant) {
    this.#clock = clock
  }

  get epochMilliseconds(): number {
    return (this.#milliseconds ??= this.#clock.epochMilliseconds)
  }
}

const refuse = (refusal: Refusal): Verdict<never> => ({ accepted: false, refusal })

const malformedBy = (flaw: TokenFlaw): Verdict<never> =>
  Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Malformed", flaw }) })

const none: ReadonlyArray<never> = Object.freeze([])
const unknown: Verdict<never> = Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Unknown" }) })
const refusalOf = { revoked: "Revoked", expired: "Expired" } as const
const malformed = {
  NotAString: malformedBy("NotAString"),
  WrongPrefix: malformedBy("WrongPrefix"),
  WrongLength: malformedBy("WrongLength"),
  WrongCharacter: malformedBy("WrongCharacter"),
  WrongChecksum: malformedBy("WrongChecksum"),
} as const
