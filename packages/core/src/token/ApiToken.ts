/** The entity that stands for a plaintext token, and the rules of its life. */
import { Data, DateTime, Option } from "effect"
import type { Attribution } from "./Attribution.ts"
import { Change } from "./Change.ts"
import type { Instant } from "./Instant.ts"
import type { OwnerId } from "./OwnerId.ts"
import type { Scope } from "./Scope.ts"
import { Secret } from "./Secret.ts"
import type { TokenId } from "./TokenId.ts"
import type { TokenName } from "./TokenName.ts"

/** That a token was revoked: when first, and why. */
export interface Revocation {
  readonly at: DateTime.Utc
  /** In words for people: `on request`, `found in a public repository`. */
  readonly reason: string
}

/** What verifying needs of a token, and no more, so that a look-up stays small. */
export interface VerifiableToken {
  readonly id: TokenId
  readonly ownedBy: OwnerId
  /** As declared when it was issued or narrowed; what they imply is worked out at use. */
  readonly scopes: ReadonlyArray<Scope>
  /** None: never. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  readonly revocation: Option.Option<Revocation>
  /** The tokens by means of which this one was minted, the outermost first. Eight at most. */
  readonly ancestors: ReadonlyArray<TokenId>
}

export type TokenState = "live" | "expired" | "revoked"

/**
 * What the token is at `now`. It is expired from `now >= expiresAt` on; revoked outweighs expired. Of an instant that is
 * `NaN` (from JavaScript) nothing can be said, and then it is expired too.
 */
export const stateOf = (token: VerifiableToken, now: Instant): TokenState => {
  if (Option.isSome(token.revocation)) return "revoked"
  const expiry = token.expiresAt
  return Option.isNone(expiry) || now.epochMilliseconds < expiry.value.epochMilliseconds ? "live" : "expired"
}

/** When the token was revoked or expired, whichever came first; none if it neither is nor will. */
export const diedAt = ({ expiresAt, revocation }: VerifiableToken): Option.Option<DateTime.Utc> => {
  const deaths = [expiresAt, Option.map(revocation, ({ at }) => at)].flatMap(Option.toArray)
  return Option.fromUndefinedOr(deaths.sort(DateTime.Order)[0])
}

export interface ApiTokenFields extends VerifiableToken {
  readonly name: TokenName
  readonly createdAt: DateTime.Utc
  /** The third party that the token was issued to: an app, an integration. */
  readonly issuedTo: Option.Option<string>
  /** One active secret, up to two retiring ones, and the last five retired ones; the newest first. */
  readonly secrets: readonly [Secret, ...ReadonlyArray<Secret>]
  /** The last 50 changes, the oldest first. */
  readonly history: ReadonlyArray<Change>
  /** Raised by every write. */
  readonly revision: number
}

/** Immutable: each method that changes something returns the changed token, with its revision and history. */
export class ApiToken extends Data.Class<ApiTokenFields> {
  /** A new token with its first secret. What it is given has passed the policy already. */
  static issue(
    fields: Pick<ApiTokenFields, "id" | "ownedBy" | "name" | "scopes" | "expiresAt" | "issuedTo" | "ancestors">,
    secret: Pick<Secret, "digest" | "keyId">,
    now: DateTime.Utc,
    by: Attribution,
  ): ApiToken {
    return new ApiToken({
      ...fields,
      createdAt: now,
      revocation: Option.none(),
      secrets: [{ ...secret, generation: 1, state: Secret.active }],
      history: [Change.make("issued", now, by)],
      revision: 1,
    })
  }

  rename(name: TokenName, now: DateTime.Utc, by: Attribution): ApiToken {
    return name === this.name ? this : this.#changed({ name }, Change.make("renamed", now, by, `was ${this.name}`))
  }

  /** Leaves the token these scopes, of which its present ones grant each already. */
  narrow(scopes: ReadonlyArray<Scope>, now: DateTime.Utc, by: Attribution): ApiToken {
    const isSame = scopes.length === this.scopes.length && scopes.every((scope) => this.scopes.includes(scope))
    return isSame
      ? this
      : this.#changed({ scopes }, Change.make("narrowed", now, by, `was ${this.scopes.join(" ") || "without scopes"}`))
  }

  /** Brings the expiry forward to an instant that is not after the present one. */
  shorten(expiresAt: Option.Option<DateTime.Utc>, now: DateTime.Utc, by: Attribution): ApiToken {
    const [was, becomes] = [millisecondsOf(this.expiresAt), millisecondsOf(expiresAt)]
    return was === becomes
      ? this
      : this.#changed({ expiresAt }, Change.make("shortened", now, by, `was ${was === Infinity ? "never" : iso(was)}`))
  }

  /** Whether the expiry lies after the token's own, so that it would lengthen its life. `None` is never. */
  isOutlivedBy(expiresAt: Option.Option<DateTime.Utc>): boolean {
    return millisecondsOf(expiresAt) > millisecondsOf(this.expiresAt)
  }

  /** Revoked for good. The first revocation stays: what is revoked already is returned as it is. */
  revoke(revocation: Revocation, by: Attribution): ApiToken {
    return Option.isSome(this.revocation)
      ? this
      : this.#changed(
          { revocation: Option.some(revocation) },
          Change.make("revoked", revocation.at, by, revocation.reason),
        )
  }

  #changed(fields: Partial<ApiTokenFields>, change: Change): ApiToken {
    return new ApiToken({
      ...this,
      ...fields,
      history: Change.append(this.history, change),
      revision: this.revision + 1,
    })
  }
}

const millisecondsOf = (expiresAt: Option.Option<DateTime.Utc>): number =>
  Option.isSome(expiresAt) ? expiresAt.value.epochMilliseconds : Infinity

const iso = (epochMilliseconds: number): string => new Date(epochMilliseconds).toISOString()
