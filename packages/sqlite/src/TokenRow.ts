/** Maps tokens to rows and back. A row with a value no version wrote is reported as damaged. */
import { ApiToken, type Revocation } from "@tokenry/core"
import {
  type Change,
  Digest,
  type FoundToken,
  LookedUpToken,
  OwnerId,
  type Scope,
  type TokenId,
  type TokenName,
  type VerifiableToken,
} from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { idOf, millisecondsOf, optionalMillisecondsOf } from "./arguments.ts"
import { damaged, instantIn, integerIn, listIn, optionalBindingIn, millisecondsIn, textIn, textsIn } from "./fields.ts"
import { assertReadable, recordVersion } from "./recordVersion.ts"
import { secretOf, secretsIn, storedSecretsOf } from "./SecretRow.ts"

/** What verifying needs. */
export interface VerifiableRow {
  readonly id: string
  readonly readable_from: number
  readonly owned_by: string
  readonly scopes: string
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly revocation_reason: string | null
  readonly ancestors: string | null
  readonly bound_to: string | null
}

/** The whole token; `secrets` is a JSON list, the newest first. */
export interface TokenRow extends VerifiableRow {
  readonly schema_version: number
  readonly name: string
  readonly created_at: number
  readonly issued_to: string | null
  readonly revision: number
  readonly undelivered: number
  readonly history: string
  readonly secrets: string
}

/** The result of a lookup by digest: the fields for verifying, and the secret's. `digest`: in a lookup of several. */
export type FoundRow = readonly [
  id: string,
  readableFrom: number,
  ownedBy: string,
  scopes: string,
  expiresAt: number | null,
  revokedAt: number | null,
  revocationReason: string | null,
  ancestors: string | null,
  boundTo: string | null,
  generation: number,
  keyId: string | null,
  state: string,
  stateAt: number | null,
  digest?: string,
]

export const verifiableColumns = `
  api_token.id, readable_from, owned_by, scopes, expires_at, revoked_at, revocation_reason, ancestors, bound_to`

const secretsColumn = `
  (SELECT json_group_array(json_array(digest, generation, key_id, state, state_at, hint) ORDER BY generation DESC)
   FROM api_token_secret WHERE token_number = api_token.number) AS secrets`

export const tokenColumns = `${verifiableColumns}, schema_version, name, created_at, issued_to, revision, undelivered,
  history, ${secretsColumn}`

export const foundColumns = `${verifiableColumns}, generation, key_id, state, state_at`

export const rowOf = (token: ApiToken): TokenRow => ({
  schema_version: recordVersion,
  readable_from: recordVersion,
  id: idOf(token.id),
  owned_by: OwnerId.assert(token.ownedBy),
  scopes: JSON.stringify(token.scopes),
  expires_at: optionalMillisecondsOf(token.expiresAt),
  revoked_at: optionalMillisecondsOf(Option.map(token.revocation, ({ at }) => at)),
  revocation_reason: Option.getOrNull(Option.map(token.revocation, ({ reason }) => reason)),
  ancestors: token.ancestors.length === 0 ? null : JSON.stringify(token.ancestors),
  bound_to: Option.getOrNull(token.boundTo),
  name: token.name,
  created_at: millisecondsOf(token.createdAt),
  issued_to: Option.getOrNull(token.issuedTo),
  revision: token.revision,
  undelivered: token.undelivered,
  history: JSON.stringify(token.history.map(storedChangeOf)),
  secrets: storedSecretsOf(token.secrets),
})

/** @throws DamagedToken, WrittenByNewerVersion */
export const tokenOf = (row: TokenRow): ApiToken =>
  new ApiToken({
    ...verifiableOf(row),
    name: textIn(row.id, "name", row.name) as TokenName,
    createdAt: instantIn(row.id, "createdAt", row.created_at),
    issuedTo: Option.fromNullOr(row.issued_to),
    secrets: secretsIn(row.id, row.secrets),
    history: listIn(row.id, "history", row.history).map((change, index) =>
      changeIn(row.id, `history.${index}`, change),
    ),
    undelivered: integerIn(row.id, "undelivered", row.undelivered),
    revision: integerIn(row.id, "revision", row.revision),
  })

/** @throws DamagedToken, WrittenByNewerVersion */
export const verifiableOf = (row: VerifiableRow): VerifiableToken => ({
  ...fieldsOf(row),
  expiresAt: instantOf(expiryIn(row)),
})

/** What verifying needs besides the expiry. */
const fieldsOf = (row: VerifiableRow): Omit<VerifiableToken, "expiresAt"> => {
  const { id, readable_from, owned_by, scopes, revoked_at, revocation_reason, ancestors, bound_to } = row
  assertReadable(id, readable_from)
  if (!OwnerId.is(owned_by)) throw damaged(id, "ownedBy")
  return {
    id: id as TokenId,
    ownedBy: owned_by,
    scopes: textsIn(id, "scopes", scopes) as ReadonlyArray<Scope>,
    revocation: revocationIn(id, revoked_at, revocation_reason),
    ancestors: ancestors === null ? [] : (textsIn(id, "ancestors", ancestors) as ReadonlyArray<TokenId>),
    boundTo: optionalBindingIn(id, "boundTo", bound_to),
  }
}

/** In milliseconds; `null`: never. */
const expiryIn = ({ id, expires_at }: VerifiableRow): number | null =>
  expires_at === null ? null : millisecondsIn(id, "expiresAt", expires_at)

/**
 * The token that a lookup found. `only`: the digest, where the lookup had a single one and the row doesn't repeat it.
 *
 * @throws DamagedToken, WrittenByNewerVersion
 */
export const foundOf = (row: FoundRow, only: Digest): FoundToken => {
  const [id, readable_from, owned_by, scopes, expires_at, revoked_at, revocation_reason, ancestors, bound_to] = row
  const found = { id, readable_from, owned_by, scopes, expires_at, revoked_at, revocation_reason, ancestors, bound_to }
  return {
    token: new LookedUpToken(fieldsOf(found), expiryIn(found) ?? Infinity),
    secret: secretOf(
      id,
      "secrets",
      row[13] === undefined ? only : Digest.fromHex(row[13]),
      row[9],
      row[10],
      row[11],
      row[12],
    ),
  }
}

const revocationIn = (id: string, at: number | null, reason: string | null): Option.Option<Revocation> => {
  if (at === null) return Option.none()
  return Option.some({ at: instantIn(id, "revocation.at", at), reason: textIn(id, "revocation.reason", reason) })
}

/** A history entry as JSON. Without a detail, the key is absent. */
type StoredChange = Pick<Change, "kind" | "actor" | "origin"> & { readonly at: number; readonly detail?: string }

const storedChangeOf = ({ kind, at, actor, origin, detail }: Change): StoredChange => ({
  kind,
  at: millisecondsOf(at),
  actor,
  origin,
  ...(Option.isSome(detail) ? { detail: detail.value } : {}),
})

const changeIn = (id: string, field: string, value: unknown): Change => {
  if (!isChange(value)) throw damaged(id, field)
  const { kind, at, actor, origin, detail } = value
  return { kind, at: instantIn(id, `${field}.at`, at), actor, origin, detail: Option.fromUndefinedOr(detail) }
}

const isChange = (value: unknown): value is StoredChange =>
  isObject(value) &&
  "kind" in value &&
  typeof value.kind === "string" &&
  "actor" in value &&
  isObject(value.actor) &&
  "origin" in value &&
  isObject(value.origin) &&
  (!("detail" in value) || typeof value.detail === "string")

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** The instant in a nullable column, for tables other than the tokens'. */
export const instantOf = (milliseconds: number | null): Option.Option<DateTime.Utc> =>
  milliseconds === null ? Option.none() : Option.some(DateTime.makeUnsafe(milliseconds))
