/** Maps a token to a row's values, and a row's JSON to a token. */
import { type Actor, ApiToken, type ChangeKind, type Revocation } from "@tokenry/core"
import {
  type Change,
  Digest,
  type FoundToken,
  LookedUpToken,
  type KeyId,
  OwnerId,
  type Scope,
  Secret,
  type SecretState,
  type TokenId,
  type TokenName,
  type VerifiableSecret,
  type VerifiableToken,
} from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import { byteaOf, countOf, idOf, millisecondsOf, optionalTimestampOf, revisionOf, timestampOf } from "./arguments.ts"
import { NewerRecord } from "./NewerRecord.ts"
import { Reader } from "./Reader.ts"
import { schemaVersion } from "./schema.ts"
import type { Tables } from "./tables.ts"

/** The instant in this column as epoch milliseconds. */
export const epochOf = (column: string): string => `extract(epoch FROM ${column}) * 1000`

/** What verifying needs of the token `t`, each field with its SQL. */
const verifiableFields = {
  id: "t.id",
  ownedBy: "t.owned_by",
  scopes: "t.scopes",
  expiresAt: epochOf("t.expires_at"),
  revokedAt: epochOf("t.revoked_at"),
  revocationReason: "t.revocation_reason",
  ancestors: "t.ancestors",
  boundTo: "t.bound_to",
  readableFrom: "t.readable_from",
}

/** What verifying needs of the secret `s`. */
const secretFields = {
  digest: "encode(s.digest, 'hex')",
  generation: "s.generation",
  keyId: "s.key_id",
  retiringUntil: epochOf("s.retiring_until"),
  retiredAt: epochOf("s.retired_at"),
}

const objectOf = (fields: Readonly<Record<string, string>>): string =>
  `json_build_object(${Object.entries(fields)
    .map(([name, sql]) => `'${name}', ${sql}`)
    .join(", ")})`

/** What verifying needs of the token `t`, without its history, as JSON. */
export const verifiableRecord = `${objectOf(verifiableFields)}::text`

const foundFields = { ...verifiableFields, ...secretFields }

/** The same with the secret `s`, by position: names would cost PostgreSQL a quarter of every verify's work. */
export const foundRecord = `json_build_array(${Object.values(foundFields).join(", ")})::text`

/** The whole token `t` as JSON, its secrets the newest first. */
export const tokenRecord = ({ secret }: Tables): string =>
  `${objectOf({
    ...verifiableFields,
    name: "t.name",
    createdAt: epochOf("t.created_at"),
    issuedTo: "t.issued_to",
    history: "t.history",
    undelivered: "t.undelivered",
    revision: "t.revision",
    schemaVersion: "t.schema_version",
    secrets: `(SELECT json_agg(${objectOf({ ...secretFields, hint: "s.hint" })} ORDER BY s.generation DESC)
      FROM ${secret} AS s WHERE s.token_id = t.id)`,
  })}::text`

/** The values of a row of tokens, in the order of `tokenColumns`; and, as JSON, its secrets. */
export const valuesOf = (token: ApiToken): ReadonlyArray<unknown> => [
  idOf(token.id),
  OwnerId.assert(token.ownedBy),
  token.name,
  [...token.scopes],
  timestampOf(token.createdAt),
  optionalTimestampOf(token.expiresAt),
  optionalTimestampOf(Option.map(token.revocation, ({ at }) => at)),
  Option.getOrNull(Option.map(token.revocation, ({ reason }) => reason)),
  token.ancestors.map(idOf),
  Option.getOrNull(token.boundTo),
  Option.getOrNull(token.issuedTo),
  historyOf(token),
  countOf(token.undelivered),
  revisionOf(token.revision),
  JSON.stringify(token.secrets.map(secretRowOf)),
]

export const tokenColumns = [
  "id",
  "owned_by",
  "name",
  "scopes",
  "created_at",
  "expires_at",
  "revoked_at",
  "revocation_reason",
  "ancestors",
  "bound_to",
  "issued_to",
  "history",
  "undelivered",
  "revision",
] as const

/** Removes characters that `jsonb` can't store, which a client may have put into its user agent. */
export const historyOf = ({ history }: Pick<ApiToken, "history">): string =>
  JSON.stringify(history.map(storedChangeOf), (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\u{fffd}") : value,
  )

const storedChangeOf = ({ kind, at, actor, origin, detail }: Change) => ({
  kind,
  at: millisecondsOf(at),
  actor,
  origin,
  detail: Option.getOrNull(detail),
})

const secretRowOf = ({ digest, generation, keyId, hint, state }: Secret) => ({
  digest: byteaOf(digest),
  generation: countOf(generation),
  key_id: Option.getOrNull(keyId),
  hint,
  retiring_until: state._tag === "Retiring" ? timestampOf(state.until) : null,
  retired_at: state._tag === "Retired" ? timestampOf(state.at) : null,
})

/**
 * The whole token.
 *
 * @throws DamagedToken like everything that reads records here.
 * @throws NewerRecord if only newer versions can read it.
 */
export const tokenOf = (record: string): ApiToken => {
  const reader = Reader.of(record)
  const verifiable = verifiableFrom(reader)
  const [first, ...rest] = reader.listOf("secrets", secretFrom)
  if (first === undefined) throw reader.damaged("secrets")
  return new ApiToken({
    ...verifiable,
    name: reader.string("name") as TokenName,
    createdAt: reader.instant("createdAt"),
    issuedTo: reader.optionalString("issuedTo"),
    secrets: [first, ...rest],
    history: reader.listOf("history", changeFrom),
    undelivered: reader.integer("undelivered"),
    revision: reader.integer("revision"),
  })
}

/** What verifying needs of the token. */
export const verifiableOf = (record: string): VerifiableToken => verifiableFrom(Reader.of(record))

/** The same with the secret that it was found by. */
export const foundOf = (record: string): FoundToken => {
  const reader = Reader.ofFields(namedOf(JSON.parse(record) as ReadonlyArray<unknown>))
  const expiry = reader.optionalMilliseconds("expiresAt") ?? Infinity
  return { token: new LookedUpToken(fieldsFrom(reader), expiry), secret: verifiableSecretFrom(reader) }
}

/** The values of `foundFields`, in their order, by name. Spelled out, which is faster than setting them one by one. */
const namedOf = ([
  id,
  ownedBy,
  scopes,
  expiresAt,
  revokedAt,
  revocationReason,
  ancestors,
  boundTo,
  readableFrom,
  digest,
  generation,
  keyId,
  retiringUntil,
  retiredAt,
]: ReadonlyArray<unknown>): Readonly<Record<keyof typeof foundFields, unknown>> => ({
  id,
  ownedBy,
  scopes,
  expiresAt,
  revokedAt,
  revocationReason,
  ancestors,
  boundTo,
  readableFrom,
  digest,
  generation,
  keyId,
  retiringUntil,
  retiredAt,
})

/** Whether newer code wrote the record, so this code must not overwrite it. */
export const isNewer = (record: string): boolean => Reader.of(record).integer("schemaVersion") > schemaVersion

const verifiableFrom = (reader: Reader): VerifiableToken => ({
  ...fieldsFrom(reader),
  expiresAt: reader.optionalInstant("expiresAt"),
})

/** What verifying needs besides the expiry. */
const fieldsFrom = (reader: Reader): Omit<VerifiableToken, "expiresAt"> => {
  if (reader.integer("readableFrom") > schemaVersion) throw new NewerRecord({ id: reader.string("id") })
  return {
    id: reader.string("id") as TokenId,
    ownedBy: reader.string("ownedBy") as OwnerId,
    scopes: reader.strings("scopes") as ReadonlyArray<Scope>,
    revocation: revocationFrom(reader),
    ancestors: reader.strings("ancestors") as ReadonlyArray<TokenId>,
    boundTo: reader.optionalBinding("boundTo"),
  }
}

const revocationFrom = (reader: Reader): Option.Option<Revocation> =>
  Option.map(reader.optionalInstant("revokedAt"), (at) => ({ at, reason: reader.string("revocationReason") }))

const verifiableSecretFrom = (reader: Reader): VerifiableSecret => ({
  digest: reader.read("digest", (value) =>
    typeof value === "string" && value.length === 64 ? Digest.fromHex(value) : undefined,
  ),
  generation: reader.integer("generation"),
  keyId: reader.optionalString("keyId") as Option.Option<KeyId>,
  state: stateFrom(reader),
})

const secretFrom = (reader: Reader): Secret => ({ ...verifiableSecretFrom(reader), hint: reader.string("hint") })

const stateFrom = (reader: Reader): SecretState => {
  const retiredAt = reader.optionalInstant("retiredAt")
  if (Option.isSome(retiredAt)) return { _tag: "Retired", at: retiredAt.value }
  const retiringUntil = reader.optionalInstant("retiringUntil")
  return Option.isSome(retiringUntil) ? { _tag: "Retiring", until: retiringUntil.value } : Secret.active
}

const changeFrom = (reader: Reader): Change => ({
  kind: reader.string("kind") as ChangeKind,
  at: reader.instant("at"),
  actor: reader.embedded("actor", ["kind"]) as Actor,
  origin: reader.embedded("origin", []),
  detail: reader.optionalString("detail"),
})
