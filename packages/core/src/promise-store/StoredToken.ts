/** A token as plain values, for stores written without Effect. Stores must return it unchanged. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { DamagedToken } from "../errors.ts"
import { ApiToken } from "../token/ApiToken.ts"
import type { Actor, Origin } from "../token/Attribution.ts"
import type { Change, ChangeKind } from "../token/Change.ts"
import { Digest } from "../token/Digest.ts"
import { KeyBinding } from "../token/KeyBinding.ts"
import { OwnerId } from "../token/OwnerId.ts"
import type { Scope } from "../token/Scope.ts"
import type { KeyId, Secret, SecretState } from "../token/Secret.ts"
import { TokenId } from "../token/TokenId.ts"
import type { TokenName } from "../token/TokenName.ts"

export interface StoredToken {
  /** A UUID, in lower case. */
  readonly id: string
  readonly ownedBy: string
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly createdAt: Date
  /** `null`: never. */
  readonly expiresAt: Date | null
  readonly revocation: { readonly at: Date; readonly reason: string } | null
  /** The outermost first; eight at most. */
  readonly ancestors: ReadonlyArray<string>
  readonly issuedTo: string | null
  /** A key's thumbprint, or `first-key`. `null`: a bearer token. */
  readonly boundTo: string | null
  /** Newest first, one to eight. Digests are unique across the whole store. */
  readonly secrets: ReadonlyArray<StoredSecret>
  /** Oldest first. */
  readonly history: ReadonlyArray<StoredChange>
  readonly undelivered: number
  readonly revision: number
}

export interface StoredSecret {
  /** 64 lower-case hex digits. Keep them out of logs. */
  readonly digest: string
  readonly generation: number
  readonly keyId: string | null
  readonly hint: string
  /** `until` of a retiring secret, `at` of a retired one. */
  readonly state:
    | { readonly kind: "active" }
    | { readonly kind: "retiring"; readonly until: Date }
    | { readonly kind: "retired"; readonly at: Date }
}

export interface StoredChange {
  readonly kind: ChangeKind
  readonly at: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly detail: string | null
}

export const storedTokenOf = (token: ApiToken): StoredToken => ({
  id: token.id,
  ownedBy: OwnerId.assert(token.ownedBy),
  name: token.name,
  scopes: [...token.scopes],
  createdAt: dateOf(token.createdAt),
  expiresAt: Option.getOrNull(Option.map(token.expiresAt, dateOf)),
  revocation: Option.getOrNull(Option.map(token.revocation, ({ at, reason }) => ({ at: dateOf(at), reason }))),
  ancestors: [...token.ancestors],
  issuedTo: Option.getOrNull(token.issuedTo),
  boundTo: Option.getOrNull(token.boundTo),
  secrets: token.secrets.map(({ digest, generation, keyId, hint, state }) => ({
    digest: digest.hex,
    generation,
    keyId: Option.getOrNull(keyId),
    hint,
    state: storedStateOf(state),
  })),
  history: token.history.map(({ kind, at, actor, origin, detail }) => ({
    kind,
    at: dateOf(at),
    actor: { ...actor },
    origin: { ...origin },
    detail: Option.getOrNull(detail),
  })),
  undelivered: token.undelivered,
  revision: token.revision,
})

const storedStateOf = (state: SecretState): StoredSecret["state"] => {
  switch (state._tag) {
    case "Active":
      return { kind: "active" }
    case "Retiring":
      return { kind: "retiring", until: dateOf(state.until) }
    case "Retired":
      return { kind: "retired", at: dateOf(state.at) }
  }
}

/** @throws DamagedToken if the stored token is invalid. */
export const tokenOfStored = (stored: StoredToken): ApiToken => {
  const id = TokenId.is(stored.id) ? stored.id : damaged("", "id")
  const instantOf = (field: string, date: unknown): DateTime.Utc =>
    date instanceof Date && !Number.isNaN(date.getTime()) ? DateTime.fromDateUnsafe(date) : damaged(id, field)
  const optionalInstantOf = (field: string, date: unknown) =>
    date === null ? Option.none() : Option.some(instantOf(field, date))
  const listOf = <A>(field: string, value: ReadonlyArray<A>): ReadonlyArray<A> =>
    Array.isArray(value) ? value : damaged(id, field)
  const textOf = (field: string, value: string): string => (typeof value === "string" ? value : damaged(id, field))
  const countOf = (field: string, value: number): number => (Number.isSafeInteger(value) ? value : damaged(id, field))

  const stateOf = (state: StoredSecret["state"]): SecretState => {
    switch (state?.kind) {
      case "active":
        return { _tag: "Active" }
      case "retiring":
        return { _tag: "Retiring", until: instantOf("secrets", state.until) }
      case "retired":
        return { _tag: "Retired", at: instantOf("secrets", state.at) }
      default:
        return damaged(id, "secrets")
    }
  }
  const secretOf = ({ digest, generation, keyId, hint, state }: StoredSecret): Secret => ({
    digest: Digest.fromHex(textOf("secrets", digest)),
    generation: countOf("secrets", generation),
    keyId: Option.fromNullOr(keyId as KeyId | null),
    hint: textOf("secrets", hint),
    state: stateOf(state),
  })
  const changeOf = ({ kind, at, actor, origin, detail }: StoredChange): Change => ({
    kind,
    at: instantOf("history", at),
    actor,
    origin,
    detail: Option.fromNullOr(detail),
  })

  const [active, ...others] = listOf("secrets", stored.secrets).map(secretOf)
  if (active === undefined) return damaged(id, "secrets")
  const { revocation } = stored
  return new ApiToken({
    id,
    ownedBy: textOf("ownedBy", stored.ownedBy) as OwnerId,
    name: textOf("name", stored.name) as TokenName,
    scopes: listOf("scopes", stored.scopes) as ReadonlyArray<Scope>,
    createdAt: instantOf("createdAt", stored.createdAt),
    expiresAt: optionalInstantOf("expiresAt", stored.expiresAt),
    revocation:
      revocation === null
        ? Option.none()
        : Option.some({ at: instantOf("revocation", revocation?.at), reason: textOf("revocation", revocation.reason) }),
    ancestors: listOf("ancestors", stored.ancestors) as ReadonlyArray<TokenId>,
    issuedTo: Option.fromNullOr(stored.issuedTo),
    boundTo: Option.map(Option.fromNullOr(stored.boundTo), (boundTo) =>
      KeyBinding.is(boundTo) ? boundTo : damaged(id, "boundTo"),
    ),
    secrets: [active, ...others],
    history: listOf("history", stored.history).map(changeOf),
    undelivered: countOf("undelivered", stored.undelivered),
    revision: countOf("revision", stored.revision),
  })
}

const dateOf = (instant: DateTime.Utc): Date => {
  if (!Number.isSafeInteger(instant?.epochMilliseconds)) throw new TypeError("Expected a valid instant")
  return new Date(instant.epochMilliseconds)
}

const damaged = (id: string, field: string): never => {
  throw new DamagedToken({ id, field })
}
