/** What the store can do, with the indexes that each statement goes by; for EXPLAIN in a test and at full size. */
import { type ApiTokenRepository, type KeyId, type TokenUsageStore, unattributed } from "@tokenry/core/adapter"
import type { PostgresPoolLike } from "@tokenry/postgres"
import { aDigest, anId, at, aToken, aUse, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type pg from "pg"

export type Ports = ApiTokenRepository["Service"] & TokenUsageStore["Service"]

const list = { ownedBy: owner("owner-7"), now: at(0), after: Option.none(), limit: 10 } as const
const later = { ...list, after: Option.some({ createdAt: at(-5000), id: anId() }) }
const revocation = { at: at(200), reason: "r" }

type Use = readonly [
  name: string,
  indexes: ReadonlyArray<string>,
  use: (ports: Ports) => Effect.Effect<unknown, unknown>,
]

/** Each use, and the indexes that its statements go by, on a store filled with so many tokens by `manyTokens`. */
export const usesOf = (tokens: number): ReadonlyArray<Use> => [
  ["findById", ["api_token_pkey", "api_token_secret_generation"], (ports) => ports.findById(anId())],
  ["findManyById", ["api_token_pkey"], (ports) => ports.findManyById([anId(), anId()])],
  ["findByDigest", ["api_token_secret_pkey", "api_token_pkey"], (ports) => ports.findByDigest([aDigest()])],
  ["findByDigest of two", ["api_token_secret_pkey"], (ports) => ports.findByDigest([aDigest(), aDigest()])],
  ["listOwnedBy any", ["api_token_newest"], (ports) => ports.listOwnedBy({ ...list, state: "any" })],
  ["listOwnedBy any, a later page", ["api_token_newest"], (ports) => ports.listOwnedBy({ ...later, state: "any" })],
  [
    "listOwnedBy live",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...list, state: "live" }),
  ],
  [
    "listOwnedBy live, a later page",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...later, state: "live" }),
  ],
  [
    "listOwnedBy dead",
    ["api_token_revoked", "api_token_expiring"],
    (ports) => ports.listOwnedBy({ ...list, state: "dead" }),
  ],
  [
    "listOwnedBy of a lineage",
    ["api_token_ancestors"],
    (ports) => ports.listOwnedBy({ ...list, state: "live", lineageOf: anId() }),
  ],
  [
    "countLiveOwnedBy",
    ["api_token_lasting", "api_token_expiring"],
    (ports) => ports.countLiveOwnedBy(list.ownedBy, at(0)),
  ],
  ["liveCreatedBefore", ["api_token_created"], (ports) => run(ports.liveCreatedBefore(at(-9000), at(0)))],
  ["expiringBetween", ["api_token_expiry"], (ports) => run(ports.expiringBetween(at(10), at(20)))],
  ["undelivered", ["api_token_undelivered"], (ports) => run(ports.undelivered)],
  ["withKey", ["api_token_secret_key"], (ports) => run(ports.withKey(Option.some("key-1" as KeyId)))],
  ["withKey of none", ["api_token_secret_key"], (ports) => Stream.runHead(ports.withKey(Option.none()))],
  ["keyIdsInUse", ["api_token_secret_key"], (ports) => ports.keyIdsInUse],
  ["insert", [], (ports) => ports.insert(aToken())],
  [
    "replace",
    ["api_token_pkey", "api_token_secret_generation"],
    (ports) => Effect.flip(ports.replace(aToken({ revision: 2 }), 1)),
  ],
  ["markDelivered", ["api_token_pkey"], (ports) => ports.markDelivered(anId(), 1)],
  ["record", ["api_token_pkey"], (ports) => ports.record([aUse({ tokenId: anId() }), aUse({ tokenId: anId() })])],
  ["usageOf", ["api_token_usage_pkey"], (ports) => ports.usageOf([anId(), anId()])],
  ["purge", ["api_token_died", "api_token_ancestors", "api_token_pkey"], (ports) => ports.purge(at(200 - tokens))],
  [
    "revokeOwnedBy",
    ["api_token_newest", "api_token_pkey"],
    (ports) => ports.revokeOwnedBy(owner("owner-8"), revocation, unattributed),
  ],
  [
    "revokeIssuedTo",
    ["api_token_issued_to"],
    (ports) => ports.revokeIssuedTo("app-3", Option.none(), revocation, unattributed),
  ],
  [
    "revokeIssuedTo of one owner",
    ["api_token_issued_to"],
    (ports) => ports.revokeIssuedTo("app-4", Option.some(owner("owner-9")), revocation, unattributed),
  ],
]

const run = <A, E>(stream: Stream.Stream<A, E>) => Stream.runDrain(Stream.take(stream, 10))

export interface Sent {
  readonly text: string
  readonly values?: Array<unknown>
}

/** The pool, and each statement that is sent through it. */
export const watched = (pool: pg.Pool, sent: Array<Sent>): PostgresPoolLike => ({
  connect: async () => {
    const client = await pool.connect()
    return {
      query: (statement) => {
        sent.push(statement)
        return client.query(statement)
      },
      release: (error) => client.release(error),
      on: (event, listener) => client.on(event, listener),
      removeListener: (event, listener) => client.removeListener(event, listener),
    }
  },
})
