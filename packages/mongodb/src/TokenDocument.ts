/** Converts tokens to documents and back. */
import { type Actor, ApiToken, type ChangeKind, type Revocation } from "@tokenry/core"
import {
  type Change,
  Digest,
  type FoundToken,
  type KeyId,
  OwnerId,
  type Scope,
  Secret,
  type SecretState,
  type TokenId,
  type TokenName,
  type VerifiableToken,
} from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { bytesOf, countOf, dateOf, idOf, never } from "./arguments.ts"
import { NewerSchema, readableFrom, schemaVersion } from "./NewerSchema.ts"
import { Reader } from "./Reader.ts"

/** The stored form. Absent values are `null`, never omitted, so a lost field can't pass for an absent one. */
export interface TokenDocument {
  readonly _id: string
  /** The schema version of the code that wrote it. Older code never overwrites it. */
  readonly schemaVersion: number
  /** The oldest schema version whose code reads it correctly. Older code fails with `RepositoryUnavailable`. */
  readonly readableFrom: number
  readonly ownedBy: string
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly createdAt: Date
  /** If the token never expires: the last millisecond of the year 9999. */
  readonly expiresAt: Date
  readonly neverExpires: boolean
  readonly revocation: RevocationDocument | null
  readonly ancestors: ReadonlyArray<string>
  readonly issuedTo: string | null
  /** A key's thumbprint, or `first-key`. */
  readonly boundTo: string | null
  /** Newest first. */
  readonly secrets: ReadonlyArray<SecretDocument>
  /** Oldest first. */
  readonly history: ReadonlyArray<ChangeDocument>
  readonly undelivered: number
  readonly revision: number
}

export interface RevocationDocument {
  readonly at: Date
  readonly reason: string
}

export interface SecretDocument {
  /** 32 bytes. */
  readonly digest: Uint8Array
  readonly generation: number
  readonly keyId: string | null
  readonly hint: string
  readonly state: "active" | "retiring" | "retired"
  /** When a retiring secret's grace period ends, or when a retired one was retired; `null` for the active one. */
  readonly endsAt: Date | null
}

export interface ChangeDocument extends Pick<Change, "kind" | "actor" | "origin"> {
  readonly at: Date
  readonly detail: string | null
}

/** The projection for verifying, which doesn't read the history. */
export const verifiableFields = {
  readableFrom: 1,
  ownedBy: 1,
  scopes: 1,
  expiresAt: 1,
  neverExpires: 1,
  revocation: 1,
  ancestors: 1,
  boundTo: 1,
} as const
export const foundFields = { ...verifiableFields, secrets: 1 } as const

export const documentOf = (token: ApiToken): TokenDocument => ({
  _id: idOf(token.id),
  schemaVersion,
  readableFrom,
  ownedBy: OwnerId.assert(token.ownedBy),
  name: token.name,
  scopes: token.scopes,
  createdAt: dateOf(token.createdAt),
  expiresAt: Option.isSome(token.expiresAt) ? dateOf(token.expiresAt.value) : never,
  neverExpires: Option.isNone(token.expiresAt),
  revocation: Option.getOrNull(Option.map(token.revocation, revocationDocumentOf)),
  ancestors: token.ancestors.map(idOf),
  issuedTo: Option.getOrNull(token.issuedTo),
  boundTo: Option.getOrNull(token.boundTo),
  secrets: token.secrets.map(secretDocumentOf),
  history: token.history.map(changeDocumentOf),
  undelivered: countOf(token.undelivered),
  revision: token.revision,
})

export const revocationDocumentOf = ({ at, reason }: Revocation): RevocationDocument => ({ at: dateOf(at), reason })

export const changeDocumentOf = ({ kind, at, actor, origin, detail }: Change): ChangeDocument => ({
  kind,
  at: dateOf(at),
  actor,
  origin: given(origin),
  detail: Option.getOrNull(detail),
})

/** Drops the fields that JavaScript callers set to `undefined`; MongoDB would return them as `null`. */
const given = <A extends object>(fields: A): A =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as A

const secretDocumentOf = ({ digest, generation, keyId, hint, state }: Secret): SecretDocument => ({
  digest: bytesOf(digest),
  generation,
  keyId: Option.getOrNull(keyId),
  hint,
  ...secretStateDocumentOf(state),
})

const secretStateDocumentOf = (state: SecretState): Pick<SecretDocument, "state" | "endsAt"> => {
  switch (state._tag) {
    case "Active":
      return { state: "active", endsAt: null }
    case "Retiring":
      return { state: "retiring", endsAt: dateOf(state.until) }
    case "Retired":
      return { state: "retired", endsAt: dateOf(state.at) }
  }
}

/**
 * Reads a whole token.
 *
 * @throws DamagedToken or NewerSchema, like the other functions here that read documents.
 */
export const tokenOf = (document: object): ApiToken => {
  const reader = readerOf(document)
  reader.integer("schemaVersion")
  const [first, ...rest] = reader.listOf("secrets", secretOf)
  if (first === undefined) throw reader.damaged("secrets")
  return new ApiToken({
    ...verifiableFrom(reader),
    name: reader.string("name") as TokenName,
    createdAt: reader.instant("createdAt"),
    issuedTo: reader.optionalString("issuedTo"),
    secrets: [first, ...rest],
    history: reader.listOf("history", changeOf),
    undelivered: reader.read("undelivered", undeliveredOf),
    revision: reader.integer("revision"),
  })
}

/** Reads what verifying needs from a document with the fields `verifiableFields`. */
export const verifiableOf = (document: object): VerifiableToken => verifiableFrom(readerOf(document))

/** Reads a document with the fields `foundFields`, and the secret whose digest is among the candidates. */
export const foundOf = (document: object, candidates: ReadonlyArray<Digest>): FoundToken => {
  const reader = readerOf(document)
  const secret = reader
    .listOf("secrets", secretOf)
    .find(({ digest }) => candidates.some(({ hex }) => hex === digest.hex))
  if (secret === undefined) throw reader.damaged("secrets")
  return { token: verifiableFrom(reader), secret }
}

const readerOf = (document: object): Reader => {
  const reader = Reader.of(document)
  const found = reader.integer("readableFrom")
  if (found > schemaVersion) throw new NewerSchema({ id: reader.id, found, field: "readableFrom" })
  return reader
}

const verifiableFrom = (reader: Reader): VerifiableToken => ({
  id: reader.string("_id") as TokenId,
  ownedBy: reader.string("ownedBy") as OwnerId,
  scopes: reader.strings("scopes") as ReadonlyArray<Scope>,
  expiresAt: expiryOf(reader),
  revocation: reader.optional("revocation", revocationOf),
  ancestors: reader.strings("ancestors") as ReadonlyArray<TokenId>,
  boundTo: reader.optionalBinding("boundTo"),
})

const revocationOf = (reader: Reader): Revocation => ({ at: reader.instant("at"), reason: reader.string("reason") })

const expiryOf = (reader: Reader): Option.Option<DateTime.Utc> => {
  const expiresAt = reader.instant("expiresAt")
  if (!reader.boolean("neverExpires")) return Option.some(expiresAt)
  return expiresAt.epochMilliseconds === never.getTime() ? Option.none() : fail(reader.damaged("neverExpires"))
}

const secretOf = (reader: Reader): Secret => ({
  digest: reader.read("digest", (value) =>
    value instanceof Uint8Array && value.length === 32
      ? Digest.fromHex(Buffer.from(value.buffer, value.byteOffset, value.length).toString("hex"))
      : undefined,
  ),
  generation: reader.integer("generation"),
  keyId: reader.optionalString("keyId") as Option.Option<KeyId>,
  hint: reader.string("hint"),
  state: secretStateOf(reader),
})

/** An unknown state is damage. Reading it as active would accept a retired secret. */
const secretStateOf = (reader: Reader): SecretState => {
  switch (reader.string("state")) {
    case "active":
      return Option.isNone(reader.optionalInstant("endsAt")) ? Secret.active : fail(reader.damaged("endsAt"))
    case "retiring":
      return { _tag: "Retiring", until: reader.instant("endsAt") }
    case "retired":
      return { _tag: "Retired", at: reader.instant("endsAt") }
    default:
      return fail(reader.damaged("state"))
  }
}

const fail = (damaged: Error): never => {
  throw damaged
}

const undeliveredOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined

const changeOf = (reader: Reader): Change => ({
  kind: reader.string("kind") as ChangeKind,
  at: reader.instant("at"),
  actor: reader.embedded("actor", ["kind"]) as Actor,
  origin: reader.embedded("origin", []),
  detail: reader.optionalString("detail"),
})
