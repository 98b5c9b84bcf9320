/** What the store and the owner directory know about a presented token, in as few queries as possible. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Digesting } from "../ports/digesting.ts"
import type { RepositoryUnavailable } from "../errors.ts"
import { isAtHand } from "../ports/atHand.ts"
import type { FoundToken } from "../ports/ApiTokenRepository.ts"
import type { Repository } from "../ports/Repository.ts"
import type { OwnerAuthority, OwnerDirectory } from "../ports/OwnerDirectory.ts"
import { stateOf, type VerifiableToken } from "../token/ApiToken.ts"
import type { Digest } from "../token/Digest.ts"
import type { Instant } from "../token/Instant.ts"
import { Secret, type VerifiableSecret } from "../token/Secret.ts"

/** Once the token, its secret or an ancestor is known to be dead, lookups stop. */
export interface Facts {
  readonly found: {
    readonly token: VerifiableToken
    readonly secret: Omit<VerifiableSecret, "digest">
  }
  /** The ancestors that exist. */
  readonly ancestors: ReadonlyArray<VerifiableToken>
  readonly owner: OwnerAuthority
}

/** An `Exit` if the answer is synchronous; `undefined` if the token is unknown. */
export type LookUp = (sha256: Digest, now: Instant) => Effect.Effect<Facts | undefined, RepositoryUnavailable>

/** One lookup, a second one for a minted token, and one owner directory call if there is a directory. */
export const makeLookUp = (
  repository: Pick<Repository, "findByDigest" | "findManyById">,
  owners: Option.Option<OwnerDirectory["Service"]>,
  { candidates }: Digesting,
): LookUp => {
  const withOwner = (found: FoundToken, ancestors: ReadonlyArray<VerifiableToken>) =>
    Option.isNone(owners)
      ? withoutOwner(found, ancestors)
      : then(owners.value.authorityOf(found.token.ownedBy), (owner) => Exit.succeed({ found, ancestors, owner }))

  return (sha256, now) =>
    then(
      repository.findByDigest(candidates(sha256)),
      (found): Effect.Effect<Facts | undefined, RepositoryUnavailable> => {
        if (Option.isNone(found)) return nothingKnown
        const { token, secret } = found.value
        if (!Secret.isUsable(secret, now) || stateOf(token, now) !== "live") return withoutOwner(found.value, none)
        return token.ancestors.length === 0
          ? withOwner(found.value, none)
          : then(repository.findManyById(token.ancestors), (ancestors) =>
              ancestors.length === token.ancestors.length &&
              ancestors.every((ancestor) => stateOf(ancestor, now) === "live")
                ? withOwner(found.value, ancestors)
                : withoutOwner(found.value, ancestors),
            )
      },
    )
}

/** `flatMap`, run immediately if the effect is already a value. */
const then = <A, B>(
  effect: Effect.Effect<A, RepositoryUnavailable>,
  next: (value: A) => Effect.Effect<B, RepositoryUnavailable>,
): Effect.Effect<B, RepositoryUnavailable> => (isAtHand(effect) ? next(effect.value) : Effect.flatMap(effect, next))

const withoutOwner = (found: FoundToken, ancestors: ReadonlyArray<VerifiableToken>) =>
  Exit.succeed({ found, ancestors, owner: unlimited })

const none: ReadonlyArray<never> = []
const unlimited: OwnerAuthority = { active: true, scopes: "all" }
const nothingKnown = Exit.succeed(undefined)
