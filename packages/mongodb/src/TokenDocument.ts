/** How a token becomes a document, and a document a token. */
import {
  type Actor,
  ApiToken,
  type Change,
  type ChangeKind,
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
  type VerifiableToken,
} from "@tokenry/core"
import { type DateTime, Option } from "effect"
import { countOf, dateOf, hexOf, idOf } from "./arguments.ts"
import { Reader } from "./Reader.ts"

/** What is stored. Whatever may be absent is `null`, never left out, so that a lost expiry is not taken for "never". */
export interface TokenDocument {
  readonly _id: string
  readonly ownedBy: string
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revocation: RevocationDocument | null
  readonly ancestors: ReadonlyArray<string>
  readonly issuedTo: string | null
  /** The newest first. */
  readonly secrets: ReadonlyArray<SecretDocument>
  /** The oldest first. */
  readonly history: ReadonlyArray<ChangeDocument>
  /** Missing in documents that were written before there was an audit sink, which reads as 0. */
  readonly undelivered: number
  readonly revision: number
}

export interface RevocationDocument {
  readonly at: Date
  readonly reason: string
}

export interface SecretDocument {
  /** 64 lower-case hex digits. */
  readonly digest: string
  readonly generation: number
  readonly keyId: string | null
  readonly hint: string
  /** When both are `null`, the secret is active. */
  readonly retiringUntil: Date | null
  readonly retiredAt: Date | null
}

export interface ChangeDocument extends Pick<Change, "kind" | "actor" | "origin"> {
  readonly at: Date
  readonly detail: string | null
}

/** What verifying needs; the history stays where it is. */
export const verifiableFields = {
  ownedBy: 1,
  scopes: 1,
  expiresAt: 1,
  revocation: 1,
  ancestors: 1,
} as const
export const foundFields = { ...verifiableFields, secrets: 1 } as const

export const documentOf = (token: ApiToken): TokenDocument => ({
  _id: idOf(token.id),
  ownedBy: OwnerId.assert(token.ownedBy),
  name: token.name,
  scopes: token.scopes,
  createdAt: dateOf(token.createdAt),
  expiresAt: optionalDateOf(token.expiresAt),
  revocation: Option.getOrNull(Option.map(token.revocation, revocationDocumentOf)),
  ancestors: token.ancestors.map(idOf),
  issuedTo: Option.getOrNull(token.issuedTo),
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

/** Without the fields that JavaScript callers set to `undefined`, which would come back as `null`. */
const given = <A extends object>(fields: A): A =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as A

const secretDocumentOf = ({ digest, generation, keyId, hint, state }: Secret): SecretDocument => ({
  digest: hexOf(digest),
  generation,
  keyId: Option.getOrNull(keyId),
  hint,
  retiringUntil: state._tag === "Retiring" ? dateOf(state.until) : null,
  retiredAt: state._tag === "Retired" ? dateOf(state.at) : null,
})

const optionalDateOf = (instant: Option.Option<DateTime.Utc>): Date | null =>
  Option.isSome(instant) ? dateOf(instant.value) : null

/**
 * The whole token.
 *
 * @throws DamagedDocument like all that read documents here.
 */
export const tokenOf = (document: object): ApiToken => {
  const reader = Reader.of(document)
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

/** What verifying needs of it; the document may lack the rest. */
export const verifiableOf = (document: object): VerifiableToken => verifiableFrom(Reader.of(document))

/** The same with the secret that has one of these digests, by which the document was found. */
export const foundOf = (document: object, digests: ReadonlyArray<string>): FoundToken => {
  const reader = Reader.of(document)
  const secret = reader.listOf("secrets", secretOf).find(({ digest }) => digests.includes(digest.hex))
  if (secret === undefined) throw reader.damaged("secrets")
  return { token: verifiableFrom(reader), secret }
}

const verifiableFrom = (reader: Reader): VerifiableToken => ({
  id: reader.string("_id") as TokenId,
  ownedBy: reader.string("ownedBy") as OwnerId,
  scopes: reader.strings("scopes") as ReadonlyArray<Scope>,
  expiresAt: reader.optionalInstant("expiresAt"),
  revocation: reader.optional("revocation", revocationOf),
  ancestors: reader.strings("ancestors") as ReadonlyArray<TokenId>,
})

const revocationOf = (reader: Reader): Revocation => ({ at: reader.instant("at"), reason: reader.string("reason") })

const secretOf = (reader: Reader): Secret => ({
  digest: reader.read("digest", (value) =>
    typeof value === "string" && value.length === 64 ? Digest.fromHex(value) : undefined,
  ),
  generation: reader.integer("generation"),
  keyId: reader.optionalString("keyId") as Option.Option<KeyId>,
  hint: reader.string("hint"),
  state: secretStateOf(reader.optionalInstant("retiringUntil"), reader.optionalInstant("retiredAt")),
})

const secretStateOf = (
  retiringUntil: Option.Option<DateTime.Utc>,
  retiredAt: Option.Option<DateTime.Utc>,
): SecretState => {
  if (Option.isSome(retiredAt)) return { _tag: "Retired", at: retiredAt.value }
  return Option.isSome(retiringUntil) ? { _tag: "Retiring", until: retiringUntil.value } : Secret.active
}

const undeliveredOf = (value: unknown): number | undefined => {
  if (value === undefined) return 0
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined
}

const changeOf = (reader: Reader): Change => ({
  kind: reader.string("kind") as ChangeKind,
  at: reader.instant("at"),
  actor: reader.embedded("actor", ["kind"]) as Actor,
  origin: reader.embedded("origin", []),
  detail: reader.optionalString("detail"),
})
