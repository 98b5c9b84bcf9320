/** How a token becomes a row, and a row a token. Plain code: what is read here was written here. */
import {
  ApiToken,
  type Change,
  Digest,
  type FoundToken,
  type KeyId,
  OwnerId,
  type Revocation,
  type Scope,
  Secret,
  type SecretState,
  type TokenId,
  type TokenName,
  type VerifiableSecret,
  type VerifiableToken,
} from "@tokenry/core"
import { DateTime, Option } from "effect"
import { idOf, millisecondsOf, optionalMillisecondsOf } from "./arguments.ts"

/** What verifying needs. */
export type VerifiableRow = readonly [
  id: string,
  ownedBy: string,
  scopes: string,
  expiresAt: number | null,
  revokedAt: number | null,
  revocationReason: string | null,
  ancestors: string | null,
]

/** The whole token; `secrets` is a JSON list of `SecretRow`, the newest first. */
export type TokenRow = readonly [
  ...VerifiableRow,
  name: string,
  createdAt: number,
  issuedTo: string | null,
  revision: number,
  undelivered: number,
  history: string,
  secrets: string,
]

export type SecretRow = readonly [...VerifiableSecretRow, hint: string]

type VerifiableSecretRow = readonly [
  digest: string,
  generation: number,
  keyId: string | null,
  retiringUntil: number | null,
  retiredAt: number | null,
]

/** What a look-up by digest gives: the token for verifying, and the secret. */
export type FoundRow = readonly [...VerifiableRow, ...VerifiableSecretRow]

export const verifiableColumns = `
  api_token.id, owned_by, scopes, expires_at, revoked_at, revocation_reason, ancestors`

export const secretsColumn = `
  (SELECT json_group_array(json_array(digest, generation, key_id, retiring_until, retired_at, hint) ORDER BY generation DESC)
   FROM api_token_secret WHERE token_number = api_token.number)`

export const tokenColumns = `${verifiableColumns}, name, created_at, issued_to, revision, undelivered,
  history, ${secretsColumn}`

export const foundColumns = `${verifiableColumns}, digest, generation, key_id, retiring_until, retired_at`

export const rowOf = (token: ApiToken): TokenRow => [
  idOf(token.id),
  OwnerId.assert(token.ownedBy),
  JSON.stringify(token.scopes),
  optionalMillisecondsOf(token.expiresAt),
  optionalMillisecondsOf(Option.map(token.revocation, ({ at }) => at)),
  Option.getOrNull(Option.map(token.revocation, ({ reason }) => reason)),
  token.ancestors.length === 0 ? null : JSON.stringify(token.ancestors),
  token.name,
  millisecondsOf(token.createdAt),
  Option.getOrNull(token.issuedTo),
  token.revision,
  token.undelivered,
  JSON.stringify(token.history.map(storedChangeOf)),
  JSON.stringify(token.secrets.map(secretRowOf)),
]

/** Takes longer rows too, that begin with these columns. */
export const tokenOf = (row: readonly [...TokenRow, ...ReadonlyArray<unknown>]): ApiToken => {
  const [, , , , , , , name, createdAt, issuedTo, revision, undelivered, history, secrets] = row
  return new ApiToken({
    ...verifiableOf(row),
    name: name as TokenName,
    createdAt: DateTime.makeUnsafe(createdAt),
    issuedTo: Option.fromNullOr(issuedTo),
    secrets: secretsOf(secrets),
    history: (JSON.parse(history) as ReadonlyArray<StoredChange>).map(changeOf),
    undelivered,
    revision,
  })
}

export const foundOf = (row: FoundRow): FoundToken => ({
  token: verifiableOf(row),
  secret: secretOf(row[7], row[8], row[9], row[10], row[11]),
})

/** Takes longer rows too, that begin with these columns. */
export const verifiableOf = (row: readonly [...VerifiableRow, ...ReadonlyArray<unknown>]): VerifiableToken => ({
  id: row[0] as TokenId,
  ownedBy: row[1] as OwnerId,
  scopes: JSON.parse(row[2]) as ReadonlyArray<Scope>,
  expiresAt: instantOf(row[3]),
  revocation: revocationOf(row[4], row[5]),
  ancestors: row[6] === null ? [] : (JSON.parse(row[6]) as ReadonlyArray<TokenId>),
})

export const instantOf = (milliseconds: number | null): Option.Option<DateTime.Utc> =>
  milliseconds === null ? Option.none() : Option.some(DateTime.makeUnsafe(milliseconds))

const revocationOf = (at: number | null, reason: string | null): Option.Option<Revocation> =>
  at === null ? Option.none() : Option.some({ at: DateTime.makeUnsafe(at), reason: reason ?? "" })

const secretRowOf = ({ digest, generation, keyId, state, hint }: Secret): SecretRow => [
  digest.hex,
  generation,
  Option.getOrNull(keyId),
  state._tag === "Retiring" ? millisecondsOf(state.until) : null,
  state._tag === "Retired" ? millisecondsOf(state.at) : null,
  hint,
]

const secretsOf = (json: string): ApiToken["secrets"] => {
  const [first, ...rest] = (JSON.parse(json) as ReadonlyArray<SecretRow>).map(
    ([digest, generation, keyId, retiringUntil, retiredAt, hint]): Secret => ({
      ...secretOf(digest, generation, keyId, retiringUntil, retiredAt),
      hint,
    }),
  )
  if (first === undefined) throw new Error("A stored token has no secret")
  return [first, ...rest]
}

const secretOf = (...[digest, generation, keyId, retiringUntil, retiredAt]: VerifiableSecretRow): VerifiableSecret => ({
  digest: Digest.fromHex(digest),
  generation,
  keyId: keyId === null ? Option.none() : Option.some(keyId as KeyId),
  state: secretStateOf(retiringUntil, retiredAt),
})

const secretStateOf = (retiringUntil: number | null, retiredAt: number | null): SecretState => {
  if (retiringUntil !== null) return { _tag: "Retiring", until: DateTime.makeUnsafe(retiringUntil) }
  return retiredAt === null ? Secret.active : { _tag: "Retired", at: DateTime.makeUnsafe(retiredAt) }
}

/** A line of history as JSON: without a detail, the key is absent. */
type StoredChange = Pick<Change, "kind" | "actor" | "origin"> & { readonly at: number; readonly detail?: string }

const storedChangeOf = ({ kind, at, actor, origin, detail }: Change): StoredChange => ({
  kind,
  at: millisecondsOf(at),
  actor,
  origin,
  ...(Option.isSome(detail) ? { detail: detail.value } : {}),
})

const changeOf = ({ kind, at, actor, origin, detail }: StoredChange): Change => ({
  kind,
  at: DateTime.makeUnsafe(at),
  actor,
  origin,
  detail: Option.fromUndefinedOr(detail),
})
