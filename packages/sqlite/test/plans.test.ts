import { assert, describe, it } from "@effect/vitest"
import { migrate, SqliteDatabase, SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import { bulkSql } from "../src/bulkWork.ts"
import { usageSql } from "../src/SqliteUsageStore.ts"
import { sql } from "../src/Statements.ts"
import { streamSql } from "../src/streams.ts"

const planOf = (query: string) =>
  Effect.gen(function* () {
    const database = yield* SqliteDatabase.openScoped({ filename: ":memory:" })
    yield* migrate(database, { migrations: SqliteRepository.migrations })
    return database.connection
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map(({ detail }) => String(detail))
  })

describe("each query reaches its tokens by an index, without reading or sorting others", () => {
  const queries = {
    byId: [sql.byId, "sqlite_autoindex_api_token_1 (id=?)"],
    manyById: [sql.manyById, "sqlite_autoindex_api_token_1 (id=?)"],
    byDigest: [sql.byDigest, "api_token USING INTEGER PRIMARY KEY"],
    byDigests: [sql.byDigests, "api_token_secret USING PRIMARY KEY (digest=?)"],
    digestsTaken: [sql.digestsTaken, "api_token_secret USING PRIMARY KEY (digest=?)"],
    countLive: [sql.countLive, "api_token_live (owned_by=? AND lifespan=? AND created_at>?)"],
    "owned, any": [sql.owned.any, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    "owned, live": [
      sql.owned.live,
      "api_token_live (owned_by=? AND lifespan=? AND created_at>? AND (created_at,id)<(?,?))",
    ],
    "owned, dead": [sql.owned.dead, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    "lineage, any": [sql.lineage.any, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    "lineage, live": [sql.lineage.live, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    "lineage, dead": [sql.lineage.dead, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    "lineage, below the token": [sql.lineage.any, "api_token_ancestor USING PRIMARY KEY (ancestor=?)"],
    keyIds: [sql.keyIds, "COVERING INDEX api_token_secret_key (key_id>?)"],
    "keyIds, none": [sql.keyIds, "COVERING INDEX api_token_secret_key (key_id=?)"],
    markDelivered: [sql.markDelivered, "sqlite_autoindex_api_token_1 (id=?)"],
    unrevokedOf: [bulkSql.unrevokedOf, "api_token_newest (owned_by=? AND (created_at,id)<(?,?))"],
    unrevokedIssuedTo: [bulkSql.unrevokedIssuedTo, "api_token_issued_to (issued_to=? AND id>?)"],
    ownersUnrevokedIssuedTo: [
      bulkSql.ownersUnrevokedIssuedTo,
      "api_token_owner_issued_to (owned_by=? AND issued_to=? AND id>?)",
    ],
    "dead by expiry": [bulkSql.dead, "api_token_expiry (expires_at<?)"],
    "dead by revocation": [bulkSql.dead, "api_token_revoked (revoked_at<?)"],
    mintedBy: [bulkSql.mintedBy, "api_token_ancestor USING PRIMARY KEY (ancestor=?)"],
    unrevokedCreatedBefore: [
      streamSql.unrevokedCreatedBefore,
      "api_token_created ((created_at,id)>(?,?) AND created_at<?)",
    ],
    expiringBetween: [streamSql.expiringBetween, "api_token_expiry ((expires_at,id)>(?,?) AND expires_at<?)"],
    withKey: [streamSql.withKey, "COVERING INDEX api_token_secret_key (key_id=? AND token_number>?)"],
    undelivered: [streamSql.undelivered, "api_token_undelivered (number>?)"],
    "usage, number of a token": [usageSql.numberOf, "sqlite_autoindex_api_token_1 (id=?)"],
    "usage of a secret": [usageSql.ofSecret, "api_token_usage USING PRIMARY KEY (token_number=? AND generation=?)"],
    "usage of tokens": [usageSql.ofTokens, "api_token_usage USING PRIMARY KEY (token_number=?)"],
    "tokens, for their usage": [usageSql.ofTokens, "sqlite_autoindex_api_token_1 (id=?)"],
  } as const
  for (const [name, [query, index]] of Object.entries(queries)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const plan = yield* planOf(query)
        assert.include(plan.join("\n"), index)
        assert.notInclude(plan.join("\n"), "SCAN api_token")
        // The list of live ones sorts a page per lifespan at most.
        if (query !== sql.owned.live) assert.notInclude(plan.join("\n"), "USE TEMP B-TREE FOR ORDER BY")
      }),
    )
  }
})

it.effect("a lookup by digest reads one secret and its token, nothing else, and no history", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* planOf(sql.byDigest), [
      "SEARCH api_token_secret USING PRIMARY KEY (digest=?)",
      "SEARCH api_token USING INTEGER PRIMARY KEY (rowid=?)",
    ])
    assert.notInclude(sql.byDigest, "history")
  }),
)
