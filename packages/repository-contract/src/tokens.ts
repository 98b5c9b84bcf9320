/** Builds tokens and their uses for tests. By default each token has its own owner, id and digests. */
import { ApiToken, type Revocation } from "@tokenry/core"
import {
  type ApiTokenFields,
  Digest,
  type KeyBinding,
  type KeyId,
  type KeyThumbprint,
  type OwnerId,
  type Scope,
  Secret,
  type SecretState,
  type SecretUsage,
  TokenId,
  type TokenName,
  unattributed,
} from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

export { contentsOf } from "./contents.ts"

/** An instant in milliseconds after a fixed one in the past, shared by all tests of stores. */
export const at = (milliseconds: number): DateTime.Utc => DateTime.makeUnsafe(1_700_000_000_000 + milliseconds)

/** The last instant that a JavaScript date can hold. */
export const endOfTime = DateTime.makeUnsafe(8_640_000_000_000_000)

export const owner = (id: string) => id as OwnerId
/** A name that is unique in the store. */
export const unique = (what: string): string => `${what} ${crypto.randomUUID()}`

export const anOwner = () => unique("owner") as OwnerId
export const aKeyId = () => unique("key") as KeyId
export const named = (name: string) => name as TokenName
export const scopes = (...names: ReadonlyArray<string>) => names as ReadonlyArray<Scope>

const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count))

export const aDigest = (): Digest =>
  Digest.fromHex(Array.from(randomBytes(32), (byte) => byte.toString(16).padStart(2, "0")).join(""))

/** Ids sort by this instant first, which need not be the token's creation time. */
export const anId = (instant: DateTime.Utc = at(0)): TokenId =>
  TokenId.make(instant, randomBytes(TokenId.randomByteCount))

const aHint = () => `tok_…${crypto.randomUUID().slice(-4)}`

export const aSecret = (fields: Partial<Secret> = {}): Secret => ({
  digest: aDigest(),
  generation: 1,
  keyId: Option.none(),
  hint: aHint(),
  state: Secret.active,
  ...fields,
})

export const retiring = (until: DateTime.Utc): SecretState => ({ _tag: "Retiring", until })
export const retired = (when: DateTime.Utc): SecretState => ({ _tag: "Retired", at: when })

export const expiring = (milliseconds: number) => ({ expiresAt: Option.some(at(milliseconds)) })
export const issuedTo = (thirdParty: string) => ({ issuedTo: Option.some(thirdParty) })
/** A thumbprint that no other token has. */
export const aThumbprint = () => Buffer.from(randomBytes(32)).toString("base64url") as KeyThumbprint
export const boundTo = (key: KeyBinding) => ({ boundTo: Option.some(key) })
export const revoked = (milliseconds: number, reason = "on request"): { revocation: Option.Option<Revocation> } => ({
  revocation: Option.some({ at: at(milliseconds), reason }),
})

/** A live token that never expires. */
export const aToken = (fields: Partial<ApiTokenFields> = {}): ApiToken => {
  const createdAt = fields.createdAt ?? at(0)
  const issued = ApiToken.issue(
    {
      id: anId(),
      ownedBy: anOwner(),
      name: named("CI"),
      scopes: scopes("treasure:read"),
      expiresAt: Option.none(),
      issuedTo: Option.none(),
      ancestors: [],
      boundTo: Option.none(),
    },
    { digest: aDigest(), keyId: Option.none(), hint: aHint() },
    createdAt,
    unattributed,
  )
  return new ApiToken({ ...issued, ...fields })
}

/** One use of a token's first secret at `at(0)`, without required scopes. */
export const aUse = (fields: Partial<SecretUsage> & Pick<SecretUsage, "tokenId">): SecretUsage => ({
  generation: 1,
  count: 1,
  lastUsedAt: Option.some(at(0)),
  scopes: new Map(),
  reuses: 0,
  lastReusedAt: Option.none(),
  ...fields,
})

export const manyTokens = (
  count: number,
  fields: (index: number) => Partial<ApiTokenFields>,
): ReadonlyArray<ApiToken> => Array.from({ length: count }, (_, index) => aToken(fields(index)))

/** The token with other fields and the next revision. */
export const changed = (token: ApiToken, fields: Partial<ApiTokenFields>): ApiToken =>
  new ApiToken({ ...token, revision: token.revision + 1, ...fields })

/** The first element of a list that can't be empty. */
export const first = <A>(values: ReadonlyArray<A>): A => {
  const [value] = values
  if (value === undefined) throw new Error("A law made nothing to try the store with")
  return value
}
