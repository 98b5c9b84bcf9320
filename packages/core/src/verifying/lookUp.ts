/** What the store and the owner directory know about a presented token, in as few queries as possible. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Digesting } from "../ports/digesting.ts"
import type { RepositoryUnavailable } from "../errors.ts"
import { isAtHand } from "../ports/atHand.ts"
import type { FoundToken } from "../ports/ApiTokenRepository.ts"
import type { OwnerAuthority, OwnerDirectory } from "../ports/OwnerDirectory.ts"
import type { Repository } from "../ports/Repository.ts"
import { expiryOf, stateOf, type VerifiableToken } from "../token/ApiToken.ts"
import type { Digest } from "../token/Digest.ts"
import type { Instant } from "../token/Instant.ts"
import { Secret, type VerifiableSecret } from "../token/Secret.ts"

/** Once the token, its secret or an ancestor is known to be dead, lookups stop. */
export abstract class Facts {
  abstract readonly token: Omit<VerifiableToken, "expiresAt">
  /** When the token expires, in milliseconds; `Infinity`: never. */
  abstract readonly expiry: number
  abstract readonly secret: Omit<VerifiableSecret, "digest">
  /** The token's ancestors that exist. */
  abstract readonly minters: ReadonlyArray<VerifiableToken>
  abstract readonly owner: OwnerAuthority
}

/** Facts that were just looked up. */
export class FreshFacts extends Facts {
  readonly token: VerifiableToken
  readonly expiry: number
  readonly secret: Facts["secret"]
  readonly minters: ReadonlyArray<VerifiableToken>
  readonly owner: OwnerAuthority

  constructor(
    { token, secret }: { readonly token: VerifiableToken; readonly secret: Facts["secret"] },
    minters: ReadonlyArray<VerifiableToken>,
    owner: OwnerAuthority,
  ) {
    super()
    this.token = token
    this.expiry = expiryOf(token)
    this.secret = secret
    this.minters = minters
    this.owner = owner
  }
}

/**
 * The facts themselves if the answer is synchronous, which saves an `Exit` per verify; `undefined` if the token is
 * unknown; otherwise an effect.
 */
export type LookingUp = Facts | undefined | Effect.Effect<Facts | undefined, RepositoryUnavailable>

export type LookUp = (sha256: Digest, now: Instant) => LookingUp

/** Whether these are the facts already, or that there are none. */
export const isKnown = (lookingUp: LookingUp): lookingUp is Facts | undefined =>
  lookingUp === undefined || lookingUp instanceof Facts

/** One lookup, a second one for a minted token, and one owner directory call if there is a directory. */
export const makeLookUp = (
  repository: Pick<Repository, "findByDigest" | "findManyById">,
  owners: Option.Option<OwnerDirectory["Service"]>,
  { candidates }: Digesting,
): LookUp => {
  const withOwner = (found: FoundToken, minters: ReadonlyArray<VerifiableToken>): LookingUp => {
    if (Option.isNone(owners)) return new FreshFacts(found, minters, unlimited)
    const authority = owners.value.authorityOf(found.token.ownedBy)
    return isAtHand(authority)
      ? new FreshFacts(found, minters, authority.value)
      : Effect.map(authority, (authority) => new FreshFacts(found, minters, authority))
  }

  const withMinters = (found: FoundToken, minters: ReadonlyArray<VerifiableToken>, now: Instant): LookingUp =>
    minters.length === found.token.ancestors.length && minters.every((minter) => stateOf(minter, now) === "live")
      ? withOwner(found, minters)
      : new FreshFacts(found, minters, unlimited)

  const factsOf = (found: Option.Option<FoundToken>, now: Instant): LookingUp => {
    if (Option.isNone(found)) return undefined
    const { token, secret } = found.value
    if (!Secret.isUsable(secret, now) || stateOf(token, now) !== "live") {
      return new FreshFacts(found.value, none, unlimited)
    }
    if (token.ancestors.length === 0) return withOwner(found.value, none)
    const minters = repository.findManyById(token.ancestors)
    return isAtHand(minters)
      ? withMinters(found.value, minters.value, now)
      : Effect.flatMap(minters, (minters) => effectOf(withMinters(found.value, minters, now)))
  }

  return (sha256, now) => {
    const found = repository.findByDigest(candidates(sha256))
    return isAtHand(found) ? factsOf(found.value, now) : Effect.flatMap(found, (found) => effectOf(factsOf(found, now)))
  }
}

const effectOf = (lookingUp: LookingUp): Effect.Effect<Facts | undefined, RepositoryUnavailable> =>
  isKnown(lookingUp) ? Effect.succeed(lookingUp) : lookingUp

const none: ReadonlyArray<never> = []
const unlimited: OwnerAuthority = { active: true, scopes: "all" }
