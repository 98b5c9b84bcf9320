/** More tokens than a store in memory should hold: the store here makes each up when it is looked for. */
import { randomBytes, randomUUID } from "node:crypto"
import { MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, type Digest, type OwnerId, type Scope, Secret, type TokenId } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { digestOf, makeToken } from "./byHand.ts"
import { asRead, headerOf, lifetimeMilliseconds, scopes } from "./setting.ts"

const ownerIn = (digest: string): string => asRead(`user-${digest.slice(0, 8)}`)

export const manyTokens = (count: number) => {
  const plaintexts = Array.from({ length: count }, makeToken)
  return { headers: plaintexts.map(headerOf), owners: plaintexts.map((plaintext) => ownerIn(digestOf(plaintext))) }
}

/** Knows every token, and reads each anew, as a database does. */
const omniscient = Layer.effect(
  ApiTokenRepository,
  Effect.map(ApiTokenRepository, (repository) => ({
    ...repository,
    findByDigest: ([digest]: ReadonlyArray<Digest>) =>
      Exit.succeed(digest === undefined ? Option.none() : Option.some(found(digest))),
  })),
).pipe(Layer.provide(MemoryRepository.layer))

const expiresAt = Date.now() + lifetimeMilliseconds

const found = (digest: Digest) => ({
  token: {
    id: asRead(randomUUID()) as TokenId,
    ownedBy: ownerIn(digest.hex) as OwnerId,
    scopes: JSON.parse('["treasure:read"]') as ReadonlyArray<Scope>,
    expiresAt: Option.some(DateTime.makeUnsafe(expiresAt + (randomBytes(1)[0] as number))),
    revocation: Option.none(),
    ancestors: [],
    boundTo: Option.none(),
  },
  secret: { digest, generation: 1, keyId: Option.none(), state: Secret.active },
})

/** Use cases with a cache on that store, which record no uses. */
export const cacheOf = (capacity: number) =>
  createApiTokens({
    repository: omniscient,
    catalogue: scopes,
    usage: false,
    cache: { maxStaleness: "1 hour", capacity },
  })
