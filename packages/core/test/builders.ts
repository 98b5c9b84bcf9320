/** Builds test data, each with its own id and digest unless specified. */
import { hash, randomBytes } from "node:crypto"
import { ApiToken, type Attribution, ScopeCatalogue } from "@tokenry/core"
import {
  type ApiTokenFields,
  Digest,
  Instant,
  type OwnerId,
  type Scope,
  type Secret,
  TokenId,
  type TokenName,
  unattributed,
} from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** This many milliseconds after the start of `TestClock`. */
export const at = (milliseconds: number): DateTime.Utc => DateTime.makeUnsafe(milliseconds)

/** The instant of an RFC 3339 text. */
export const instant = (text: string): DateTime.Utc => {
  const parsed = Instant.parse(text)
  if (parsed === undefined) throw new Error(`${text} is no instant`)
  return parsed
}

export const hour = 3_600_000
export const day = 24 * hour

export const owner = (id: string) => id as OwnerId
export const named = (name: string) => name as TokenName
export const scopes = (...names: ReadonlyArray<string>) => names as ReadonlyArray<Scope>

/** `edit` implies `read`; `manage` implies `edit`, and so `read`; `delete` implies nothing. */
export const catalogue: ScopeCatalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:manage": { description: "Do everything with treasures", implies: ["treasure:edit"] },
  "treasure:delete": "Delete treasures",
})

export const digestOf = (plaintext: string): Digest => Digest.fromHex(hash("sha256", plaintext, "hex"))
export const aDigest = (): Digest => Digest.fromHex(randomBytes(32).toString("hex"))
export const anId = (createdAt = at(0)): TokenId => TokenId.make(createdAt, randomBytes(TokenId.randomByteCount))

export const aSecret = (fields: Partial<Secret> = {}): Secret => ({
  digest: aDigest(),
  generation: 1,
  keyId: Option.none(),
  hint: "tok_…test",
  state: { _tag: "Active" },
  ...fields,
})

/** A live token of `user-1` that never expires, unless the fields differ. */
export const anApiToken = (fields: Partial<ApiTokenFields> = {}): ApiToken => {
  const createdAt = fields.createdAt ?? at(0)
  const issued = ApiToken.issue(
    {
      id: anId(createdAt),
      ownedBy: owner("user-1"),
      name: named("CI"),
      scopes: scopes("treasure:read"),
      expiresAt: Option.none(),
      issuedTo: Option.none(),
      ancestors: [],
    },
    { digest: aDigest(), keyId: Option.none(), hint: "tok_…test" },
    createdAt,
    unattributed,
  )
  return new ApiToken({ ...issued, ...fields })
}

export const byAlice: Attribution = {
  actor: { kind: "person", id: "alice" },
  origin: { address: "192.0.2.1", userAgent: "Browser/1" },
}
