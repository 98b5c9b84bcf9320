/** Builds tokens for the tests of stores, each with its own id and digest unless specified. */
import { ApiToken } from "@tokenry/core"
import {
  type ApiTokenFields,
  Digest,
  type OwnerId,
  type Scope,
  type Secret,
  type SecretUsage,
  TokenId,
  type TokenName,
  unattributed,
} from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { hash, randomBytes } from "node:crypto"

export const at = (milliseconds: number): DateTime.Utc => DateTime.makeUnsafe(1_764_000_000_000 + milliseconds)

export const owner = (id: string) => id as OwnerId
export const scopes = (...names: ReadonlyArray<string>) => names as ReadonlyArray<Scope>
export const named = (name: string) => name as TokenName

export const digestOf = (plaintext: string): Digest => Digest.fromHex(hash("sha256", plaintext, "hex"))
export const aDigest = (): Digest => Digest.fromHex(randomBytes(32).toString("hex"))
export const anId = (createdAt = at(0)): TokenId => TokenId.make(createdAt, randomBytes(TokenId.randomByteCount))

/** A live token of `owner-1` that never expires, unless the fields differ. */
export const aToken = (fields: Partial<ApiTokenFields> = {}): ApiToken => {
  const createdAt = fields.createdAt ?? at(0)
  const issued = ApiToken.issue(
    {
      id: anId(createdAt),
      ownedBy: owner("owner-1"),
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

export const active = (digest: Digest): Secret => ({
  digest,
  generation: 1,
  keyId: Option.none(),
  hint: "tok_…test",
  state: { _tag: "Active" },
})

/** One use of the first secret, unless the fields differ. */
export const aUsage = (tokenId: TokenId, fields: Partial<SecretUsage> = {}): SecretUsage => ({
  tokenId,
  generation: 1,
  count: 1,
  lastUsedAt: Option.some(at(1)),
  scopes: new Map(),
  reuses: 0,
  lastReusedAt: Option.none(),
  ...fields,
})

/** A token's complete content, as plain values that work with `deepStrictEqual` and show digests. */
export const contentsOf = ({ secrets, ...token }: ApiToken) => ({
  ...token,
  secrets: secrets.map(({ digest, ...secret }) => ({ ...secret, digest: digest.hex })),
})
