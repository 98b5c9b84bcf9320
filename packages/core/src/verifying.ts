/**
 * The hot path: from what a client presents to a caller or a refusal. The cheapest check comes first, and nothing that
 * a stranger sends reaches the store before its checksum holds. Flat, without generators or spans, and where the store
 * answers at once, without a fiber: a verify costs little more than its hash.
 */
import { Effect, Exit, Option } from "effect"
import type { RepositoryUnavailable } from "./errors.ts"
import type { ApiTokenRepository, FoundToken } from "./ports/ApiTokenRepository.ts"
import type { Hasher } from "./ports/Hasher.ts"
import type { OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
import { stateOf, type VerifiableToken } from "./token/ApiToken.ts"
import type { Caller } from "./token/Caller.ts"
import type { Instant } from "./token/Instant.ts"
import type { Refusal, Side } from "./token/Refusal.ts"
import type { Scope } from "./token/Scope.ts"
import type { ScopeCatalogue } from "./token/ScopeCatalogue.ts"
import { Secret } from "./token/Secret.ts"
import { flawOfAll, type TokenFlaw, type TokenFormat } from "./token/TokenFormat.ts"

export interface VerifierParts {
  readonly repository: ApiTokenRepository["Service"]
  readonly hasher: Hasher["Service"]
  readonly owners: Option.Option<OwnerDirectory["Service"]>
  readonly catalogue: ScopeCatalogue
  readonly formats: ReadonlyArray<TokenFormat>
}

/** What verifying comes to. */
export type Verdict =
  | { readonly accepted: true; readonly caller: Caller }
  | { readonly accepted: false; readonly refusal: Refusal }

/** The verdict itself if the store and the directory of owners answer at once; else the effect that gives it. */
export type Deciding = Verdict | Effect.Effect<Verdict, RepositoryUnavailable>

export type Verifier = (presented: unknown, required: ReadonlyArray<string>, now: Instant) => Deciding

export const makeVerifier = ({ repository, hasher, owners, catalogue, formats }: VerifierParts): Verifier => {
  const withFound = (found: Option.Option<FoundToken>, required: ReadonlyArray<string>, now: Instant): Deciding => {
    if (Option.isNone(found)) return unknown
    const { token, secret } = found.value
    if (!Secret.isUsable(secret, now)) {
      return refuse({ _tag: "Retired", tokenId: token.id, generation: secret.generation })
    }
    const state = stateOf(token, now)
    if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "token" })
    return token.ancestors.length === 0
      ? withLineage(found.value, none, required)
      : then(repository.findManyById(token.ancestors), (ancestors) => {
          if (ancestors.length < token.ancestors.length) {
            return refuse({ _tag: "Revoked", tokenId: token.id, on: "ancestor" })
          }
          for (const ancestor of ancestors) {
            const state = stateOf(ancestor, now)
            if (state !== "live") return refuse({ _tag: refusalOf[state], tokenId: token.id, on: "ancestor" })
          }
          return withLineage(found.value, ancestors, required)
        })
  }

  const withLineage = (
    found: FoundToken,
    ancestors: ReadonlyArray<VerifiableToken>,
    required: ReadonlyArray<string>,
  ): Deciding =>
    Option.isNone(owners)
      ? withOwner(found, ancestors, unlimited, required)
      : then(owners.value.authorityOf(found.token.ownedBy), (owner) => withOwner(found, ancestors, owner, required))

  const withOwner = (
    { token, secret }: FoundToken,
    ancestors: ReadonlyArray<VerifiableToken>,
    owner: OwnerAuthority,
    required: ReadonlyArray<string>,
  ): Verdict => {
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
        scopes: limits.length === 0 ? own : own.filter((scope) => limits.every(({ scopes }) => scopes.includes(scope))),
        expiresAt: Secret.expiryOf(secret, token.expiresAt),
      },
    }
  }

  return (presented, required, now) => {
    const flaw = flawOfAll(formats, presented)
    if (flaw !== undefined) return malformed[flaw]
    const found = repository.findByDigest([hasher.sha256(presented as string)])
    return isSuccess(found)
      ? withFound(found.value, required, now)
      : Effect.flatMap(found, (found) => effectOf(withFound(found, required, now)))
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

/** `flatMap`, at once if the effect is a value already. */
const then = <A>(effect: Effect.Effect<A, RepositoryUnavailable>, next: (value: A) => Deciding): Deciding =>
  isSuccess(effect) ? next(effect.value) : Effect.flatMap(effect, (value) => effectOf(next(value)))

const isSuccess = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)

/** Whether it is decided, or an effect that will. */
export const isVerdict = (deciding: Deciding): deciding is Verdict => "accepted" in deciding

const effectOf = (deciding: Deciding): Effect.Effect<Verdict, RepositoryUnavailable> =>
  isVerdict(deciding) ? Effect.succeed(deciding) : deciding

const refuse = (refusal: Refusal): Verdict => ({ accepted: false, refusal })

const malformedBy = (flaw: TokenFlaw): Verdict =>
  Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Malformed", flaw }) })

const none: ReadonlyArray<never> = []
const unlimited: OwnerAuthority = { active: true, scopes: "all" }
const unknown: Verdict = Object.freeze({ accepted: false, refusal: Object.freeze({ _tag: "Unknown" }) })
const refusalOf = { revoked: "Revoked", expired: "Expired" } as const
const malformed = {
  NotAString: malformedBy("NotAString"),
  WrongPrefix: malformedBy("WrongPrefix"),
  WrongLength: malformedBy("WrongLength"),
  WrongCharacter: malformedBy("WrongCharacter"),
  WrongChecksum: malformedBy("WrongChecksum"),
} as const
