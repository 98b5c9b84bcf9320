/** The entity that stands for a plaintext token, and the rules of its life. */
import { Data, DateTime, Duration, Option } from "effect"
import type { Attribution } from "./Attribution.ts"
import { Change } from "./Change.ts"
import { History } from "./History.ts"
import type { Instant } from "./Instant.ts"
import type { OwnerId } from "./OwnerId.ts"
import type { Scope } from "./Scope.ts"
import { type NewSecret, Secret } from "./Secret.ts"
import { Secrets } from "./Secrets.ts"
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

/** What a rotation is given besides the new secret. All of it has passed the policy already. */
export interface Rotation {
  readonly now: DateTime.Utc
  /** When the secret that is replaced is to end: not after the expiry that it has, and at once if that is not after `now`. */
  readonly graceEnds: DateTime.Utc
  /** The token's expiry from now on, for the new secret. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  /** The generation by means of which the token rotates itself. */
  readonly presented?: number | undefined
}

/** For how long a token that rotates itself may repeat that with the secret which it had. */
const repeatable = Duration.minutes(5)

/** The earliest expiry of all these tokens; none if none of them expires. */
export const earliestExpiry = (
  tokens: ReadonlyArray<Pick<VerifiableToken, "expiresAt">>,
): Option.Option<DateTime.Utc> => {
  const expiries = tokens.flatMap(({ expiresAt }) => Option.toArray(expiresAt))
  return Option.fromUndefinedOr(expiries.sort(DateTime.Order)[0])
}

export interface ApiTokenFields extends VerifiableToken {
  readonly name: TokenName
  readonly createdAt: DateTime.Utc
  /** The third party that the token was issued to: an app, an integration. */
  readonly issuedTo: Option.Option<string>
  readonly secrets: Secrets
  /** The last 50 changes, the oldest first. */
  readonly history: ReadonlyArray<Change>
  /** How many of the newest changes in the history the audit sink has not confirmed yet. */
  readonly undelivered: number
  /** Raised by every write. */
  readonly revision: number
}

/** Immutable: each method that changes something returns the changed token, with its revision and history. */
export class ApiToken extends Data.Class<ApiTokenFields> {
  /** A new token with its first secret. What it is given has passed the policy already. */
  static issue(
    fields: Pick<ApiTokenFields, "id" | "ownedBy" | "name" | "scopes" | "expiresAt" | "issuedTo" | "ancestors">,
    secret: NewSecret,
    now: DateTime.Utc,
    by: Attribution,
  ): ApiToken {
    return new ApiToken({
      ...fields,
      createdAt: now,
      revocation: Option.none(),
      secrets: [{ ...secret, generation: 1, state: Secret.active }],
      history: [Change.make("issued", now, by)],
      undelivered: 1,
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

  /** Gives the token a new active secret; the one it had lives on until its grace ends. */
  rotate(next: NewSecret, rotation: Rotation, by: Attribution): ApiToken {
    const { now, graceEnds, expiresAt, presented } = rotation
    const until = Option.match(this.expiresAt, {
      onNone: () => graceEnds,
      onSome: (expiry) => DateTime.min(expiry, graceEnds),
    })
    const secrets = Secrets.rotate(this.secrets, next, { now, until, presented })
    const was = millisecondsOf(this.expiresAt)
    const detail = was === millisecondsOf(expiresAt) ? undefined : expiryWas(was)
    return this.#changed({ secrets, expiresAt }, Change.make("rotated", now, by, detail))
  }

  /**
   * Whether the token may rotate itself by means of this secret: it is the active one; or it was replaced by such a
   * rotation less than five minutes ago, the answer to which may have got lost, and nobody else has rotated it since.
   */
  mayRotateItself(generation: number, now: DateTime.Utc): boolean {
    const [active] = this.secrets
    if (generation === active.generation) return true
    const secret = Secrets.ofGeneration(this.secrets, generation)
    if (!Option.exists(secret, (secret) => Secret.isUsable(secret, now))) return false
    const since = this.#rotationsSince(generation)
    const [replacedBy] = since
    return (
      replacedBy !== undefined &&
      since.every(({ actor }) => actor.kind === "token" && actor.id === this.id) &&
      DateTime.isLessThan(now, DateTime.addDuration(replacedBy.at, repeatable))
    )
  }

  /**
   * Whether the return of this secret at `now` is a sign that somebody has it who should not. It is not if the secret
   * lived until the expiry which the token had before a rotation renewed it.
   */
  isReuse(generation: number, now: DateTime.Utc): boolean {
    const secret = Option.getOrUndefined(Secrets.ofGeneration(this.secrets, generation))
    const end = secret && Option.getOrUndefined(Secret.endOf(secret))
    if (secret === undefined || end === undefined || !Secret.isReuse(secret, this.expiresAt, now)) return false
    const [replacedBy] = this.#rotationsSince(generation)
    return replacedBy === undefined || !Option.contains(replacedBy.detail, expiryWas(end.epochMilliseconds))
  }

  /** The rotations that replaced this secret and those after it, the oldest first: as far as they are remembered. */
  #rotationsSince(generation: number): ReadonlyArray<Change> {
    const count = this.secrets[0].generation - generation
    const rotations = this.history.filter(({ kind }) => kind === "rotated")
    return rotations.length < count ? [] : rotations.slice(rotations.length - count)
  }

  /** Ends every retiring secret now. */
  endGrace(now: DateTime.Utc, by: Attribution): ApiToken {
    const secrets = Secrets.endGrace(this.secrets, now)
    return secrets === this.secrets ? this : this.#changed({ secrets }, Change.make("grace-ended", now, by))
  }

  /** Notes that a retired secret came back: once a day for each, so that who repeats it can't fill the history. */
  noteReuse(generation: number, now: DateTime.Utc, by: Attribution): ApiToken {
    const detail = `the retired secret of generation ${generation} came back`
    const isNoted = this.history.some(
      (change) =>
        change.kind === "reused" &&
        Option.contains(change.detail, detail) &&
        DateTime.isLessThan(now, DateTime.addDuration(change.at, Duration.days(1))),
    )
    return isNoted ? this : this.#changed({}, Change.make("reused", now, by, detail))
  }

  /**
   * The same secrets under other digests, where there is one; those that are to be forgotten left out, but for the active
   * one. People see nothing of it, so history doesn't either.
   */
  rekey(digestOf: (secret: Secret) => Pick<Secret, "digest" | "keyId"> | "forget" | undefined): ApiToken {
    const [active, ...others] = this.secrets
    const rekeyed = (secret: Secret): ReadonlyArray<Secret> => {
      const stored = digestOf(secret)
      return stored === "forget" ? [] : [{ ...secret, ...stored }]
    }
    const secrets: Secrets = [rekeyed(active)[0] ?? active, ...others.flatMap(rekeyed)]
    return new ApiToken({ ...this, secrets, revision: this.revision + 1 })
  }

  /** The changes that the audit sink has not confirmed yet, the oldest first: those of them that are remembered. */
  get undeliveredChanges(): ReadonlyArray<Change> {
    return this.undelivered === 0 ? [] : this.history.slice(-this.undelivered)
  }

  /**
   * Whether so many changes wait for the audit sink that it has to confirm them before the next edit or rotation: so no
   * change leaves the history before the sink has it.
   */
  get isFullOfUndelivered(): boolean {
    return this.undeliveredChanges.length > History.undeliveredAtMost
  }

  /** Whether it is this token, or was minted by means of it. */
  isOfLineage(ancestor: TokenId): boolean {
    return this.id === ancestor || this.ancestors.includes(ancestor)
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
      ...History.append(this, change),
      revision: this.revision + 1,
    })
  }
}

const millisecondsOf = (expiresAt: Option.Option<DateTime.Utc>): number =>
  Option.isSome(expiresAt) ? expiresAt.value.epochMilliseconds : Infinity

/** What the history says of a rotation that changed the expiry. */
const expiryWas = (was: number): string => `expiry was ${was === Infinity ? "never" : iso(was)}`

const iso = (epochMilliseconds: number): string => new Date(epochMilliseconds).toISOString()
