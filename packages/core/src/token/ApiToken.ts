/** The token entity and the rules of its lifecycle. */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Attribution } from "./Attribution.ts"
import { Change } from "./Change.ts"
import { History } from "./History.ts"
import type { Instant } from "./Instant.ts"
import type { KeyBinding, KeyThumbprint } from "./KeyBinding.ts"
import type { OwnerId } from "./OwnerId.ts"
import type { Scope } from "./Scope.ts"
import { type NewSecret, Secret } from "./Secret.ts"
import { Secrets } from "./Secrets.ts"
import type { TokenId } from "./TokenId.ts"
import type { TokenName } from "./TokenName.ts"

/** When a token was first revoked, and why. */
export interface Revocation {
  readonly at: DateTime.Utc
  /** A reason people can read: `on request`, `found in a public repository`. */
  readonly reason: string
}

/** The fields verifying needs, and no more, to keep lookups small. */
export interface VerifiableToken {
  readonly id: TokenId
  readonly ownedBy: OwnerId
  /** As declared when issued or narrowed. Implied scopes are computed on use. */
  readonly scopes: ReadonlyArray<Scope>
  /** None: never. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  /** The same in milliseconds (`Infinity`: never), if the store knows it without creating a `DateTime`. */
  readonly expiry?: number
  readonly revocation: Option.Option<Revocation>
  /** The tokens this one was minted with, the outermost first. Eight at most. */
  readonly ancestors: ReadonlyArray<TokenId>
  /** The key a client must prove it holds. None: a bearer token, which is enough by itself. */
  readonly boundTo: Option.Option<KeyBinding>
}

/**
 * A token that a store found by a digest. Its `DateTime` is made when asked for, because that takes 250 ns, and verifying
 * compares milliseconds.
 */
export class LookedUpToken implements VerifiableToken {
  readonly id: TokenId
  readonly ownedBy: OwnerId
  readonly scopes: ReadonlyArray<Scope>
  readonly expiry: number
  readonly revocation: Option.Option<Revocation>
  readonly ancestors: ReadonlyArray<TokenId>
  readonly boundTo: Option.Option<KeyBinding>

  constructor(fields: Omit<VerifiableToken, "expiresAt" | "expiry">, expiry: number) {
    this.id = fields.id
    this.ownedBy = fields.ownedBy
    this.scopes = fields.scopes
    this.expiry = expiry
    this.revocation = fields.revocation
    this.ancestors = fields.ancestors
    this.boundTo = fields.boundTo
  }

  get expiresAt(): Option.Option<DateTime.Utc> {
    return expiryAsInstant(this.expiry)
  }
}

/** An expiry in milliseconds as an instant; none for `Infinity`. */
export const expiryAsInstant = (expiry: number): Option.Option<DateTime.Utc> =>
  expiry === Infinity ? Option.none() : Option.some(DateTime.makeUnsafe(expiry))

export type TokenState = "live" | "expired" | "revoked"

/**
 * The token's state at `now`. It expires at the instant `expiresAt`; a token that is both revoked and expired is
 * revoked. An instant that is `NaN` (from JavaScript) makes it expired.
 */
export const stateOf = (token: VerifiableToken, now: Instant): TokenState => stateAt(token, expiryOf(token), now)

/** The same for a token whose expiry is known in milliseconds; `Infinity`: never. */
export const stateAt = (
  { revocation }: Pick<VerifiableToken, "revocation">,
  expiry: number,
  now: Instant,
): TokenState => {
  if (Option.isSome(revocation)) return "revoked"
  return expiry === Infinity || now.epochMilliseconds < expiry ? "live" : "expired"
}

/** When the token expires, in milliseconds; `Infinity`: never. */
export const expiryOf = (token: Pick<VerifiableToken, "expiresAt" | "expiry">): number =>
  token.expiry ?? (Option.isSome(token.expiresAt) ? token.expiresAt.value.epochMilliseconds : Infinity)

/** When the token was revoked or expired, whichever came first; none if neither happened or will. */
export const diedAt = ({ expiresAt, revocation }: VerifiableToken): Option.Option<DateTime.Utc> => {
  const deaths = [expiresAt, Option.map(revocation, ({ at }) => at)].flatMap(Option.toArray)
  return Option.fromUndefinedOr(deaths.sort(DateTime.Order)[0])
}

/** Whether the token is the ancestor itself or was minted with it. */
export const isOfLineage = ({ id, ancestors }: Pick<VerifiableToken, "id" | "ancestors">, ancestor: TokenId): boolean =>
  id === ancestor || ancestors.includes(ancestor)

/** A rotation's parameters besides the new secret, already checked against the policy. */
export interface Rotation {
  readonly now: DateTime.Utc
  /** When the replaced secret ends: no later than its own expiry, and at once if that isn't after `now`. */
  readonly graceEnds: DateTime.Utc
  /** The token's expiry from now on. */
  readonly expiresAt: Option.Option<DateTime.Utc>
  /** The generation the token presented to rotate itself. */
  readonly presented?: number | undefined
}

/** How long a token that rotated itself may retry with its previous secret. */
const repeatable = Duration.minutes(5)

/** The earliest expiry of these tokens; none if none expires. */
export const earliestExpiry = (
  tokens: ReadonlyArray<Pick<VerifiableToken, "expiresAt">>,
): Option.Option<DateTime.Utc> => {
  const expiries = tokens.flatMap(({ expiresAt }) => Option.toArray(expiresAt))
  return Option.fromUndefinedOr(expiries.sort(DateTime.Order)[0])
}

export interface ApiTokenFields extends VerifiableToken {
  readonly name: TokenName
  readonly createdAt: DateTime.Utc
  /** The third party the token was issued to, such as an app or an integration. */
  readonly issuedTo: Option.Option<string>
  readonly secrets: Secrets
  /** The last 50 changes, oldest first. */
  readonly history: ReadonlyArray<Change>
  /** How many of the newest changes the audit sink hasn't confirmed yet. */
  readonly undelivered: number
  /** Incremented by every write. */
  readonly revision: number
}

/** Immutable: methods that change something return the changed token, with a new revision and history. */
export class ApiToken extends Data.Class<ApiTokenFields> {
  /** A new token with its first secret. The fields have already passed the policy. */
  static issue(
    fields: Pick<
      ApiTokenFields,
      "id" | "ownedBy" | "name" | "scopes" | "expiresAt" | "issuedTo" | "ancestors" | "boundTo"
    >,
    { digest, keyId, hint }: NewSecret,
    now: DateTime.Utc,
    by: Attribution,
  ): ApiToken {
    return new ApiToken({
      ...fields,
      createdAt: now,
      revocation: Option.none(),
      secrets: [{ digest, generation: 1, keyId, hint, state: Secret.active }],
      history: [Change.make("issued", now, by)],
      undelivered: 1,
      revision: 1,
    })
  }

  rename(name: TokenName, now: DateTime.Utc, by: Attribution): ApiToken {
    return name === this.name ? this : this.#changed({ name }, Change.make("renamed", now, by, `was ${this.name}`))
  }

  /** Keeps only these scopes, all of which the current scopes already grant. */
  narrow(scopes: ReadonlyArray<Scope>, now: DateTime.Utc, by: Attribution): ApiToken {
    const isSame = scopes.length === this.scopes.length && scopes.every((scope) => this.scopes.includes(scope))
    return isSame
      ? this
      : this.#changed({ scopes }, Change.make("narrowed", now, by, `was ${this.scopes.join(" ") || "without scopes"}`))
  }

  /** Brings the expiry forward, to an instant no later than the current one. */
  shorten(expiresAt: Option.Option<DateTime.Utc>, now: DateTime.Utc, by: Attribution): ApiToken {
    const [was, becomes] = [millisecondsOf(this.expiresAt), millisecondsOf(expiresAt)]
    return was === becomes
      ? this
      : this.#changed({ expiresAt }, Change.make("shortened", now, by, `was ${was === Infinity ? "never" : iso(was)}`))
  }

  /** Whether this expiry is later than the token's own. `None` means never. */
  isOutlivedBy(expiresAt: Option.Option<DateTime.Utc>): boolean {
    return millisecondsOf(expiresAt) > millisecondsOf(this.expiresAt)
  }

  /** Gives the token a new active secret. The previous one stays valid until its grace period ends. */
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
   * Whether the token may rotate itself with this secret: it is the active one, or such a rotation replaced it less
   * than five minutes ago (the response may have been lost) and nothing else has rotated the token since.
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
   * Whether seeing this secret at `now` suggests that it leaked. It doesn't if the secret lasted until the token's
   * expiry before a rotation renewed it.
   */
  isReuse(generation: number, now: DateTime.Utc): boolean {
    const secret = Option.getOrUndefined(Secrets.ofGeneration(this.secrets, generation))
    const end = secret && Option.getOrUndefined(Secret.endOf(secret))
    if (secret === undefined || end === undefined || !Secret.isReuse(secret, expiryOf(this), now)) return false
    const [replacedBy] = this.#rotationsSince(generation)
    return replacedBy === undefined || !Option.contains(replacedBy.detail, expiryWas(end.epochMilliseconds))
  }

  /** The remembered rotations that replaced this secret and the ones after it, oldest first. */
  #rotationsSince(generation: number): ReadonlyArray<Change> {
    const count = this.secrets[0].generation - generation
    const rotations = this.history.filter(({ kind }) => kind === "rotated")
    return rotations.length < count ? [] : rotations.slice(rotations.length - count)
  }

  /** Binds a `first-key` token that isn't bound yet; returns any other unchanged. */
  bind(key: KeyThumbprint, now: DateTime.Utc, by: Attribution): ApiToken {
    return Option.contains(this.boundTo, "first-key")
      ? this.#changed({ boundTo: Option.some(key) }, Change.make("bound", now, by, `to the key ${key}`))
      : this
  }

  /** Ends every retiring secret now. */
  endGrace(now: DateTime.Utc, by: Attribution): ApiToken {
    const secrets = Secrets.endGrace(this.secrets, now)
    return secrets === this.secrets ? this : this.#changed({ secrets }, Change.make("grace-ended", now, by))
  }

  /**
   * Records that a retired secret was presented, once a day per secret, so a client replaying it can't flood the
   * history.
   */
  noteReuse(generation: number, now: DateTime.Utc, by: Attribution): ApiToken {
    const detail = `the retired secret of generation ${generation} was used`
    const isNoted = this.history.some(
      (change) =>
        change.kind === "reused" &&
        Option.contains(change.detail, detail) &&
        DateTime.isLessThan(now, DateTime.addDuration(change.at, Duration.days(1))),
    )
    return isNoted ? this : this.#changed({}, Change.make("reused", now, by, detail))
  }

  /**
   * The same secrets under other digests where `digestOf` returns one. Drops the secrets to be forgotten, except the
   * active one. Leaves no trace in the history, because nothing changes for people.
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

  /** The remembered changes that the audit sink hasn't confirmed yet, oldest first. */
  get undeliveredChanges(): ReadonlyArray<Change> {
    return this.undelivered === 0 ? [] : this.history.slice(-this.undelivered)
  }

  /**
   * Whether the audit sink must confirm pending changes before the next edit or rotation, so that no change leaves the
   * history before the sink has received it.
   */
  get isFullOfUndelivered(): boolean {
    return this.undeliveredChanges.length > History.undeliveredAtMost
  }

  /** Whether this is the token itself or one minted with it. */
  isOfLineage(ancestor: TokenId): boolean {
    return isOfLineage(this, ancestor)
  }

  /** Revokes the token permanently. A token that is already revoked is returned unchanged. */
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

const millisecondsOf = (expiresAt: Option.Option<DateTime.Utc>): number => expiryOf({ expiresAt })

/** The history detail of a rotation that changed the expiry. */
const expiryWas = (was: number): string => `expiry was ${was === Infinity ? "never" : iso(was)}`

const iso = (epochMilliseconds: number): string => new Date(epochMilliseconds).toISOString()
