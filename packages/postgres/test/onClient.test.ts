import { assert, describe, it } from "@effect/vitest"
import { ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { PostgresRepository, type StatementForDriver } from "@tokenry/postgres"
import { aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { aStore, portsOf, withoutPostgres } from "./stores.ts"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See treasures" })

/** Issues a token in the transaction that creates its user, which ends so. */
const issuedAndThen = (end: "COMMIT" | "ROLLBACK") =>
  Effect.gen(function* () {
    const { pool, schema, sql } = yield* aStore()
    yield* sql("CREATE TABLE app_user (name text PRIMARY KEY)")
    const tokens = yield* Effect.acquireRelease(
      Effect.promise(() => createApiTokens({ repository: PostgresRepository.layerFrom(pool, { schema }), catalogue })),
      (tokens) => Effect.promise(() => tokens.close()),
    )
    const plaintext = yield* Effect.promise(async () => {
      const client = await pool.connect()
      await client.query("BEGIN")
      await client.query("INSERT INTO app_user VALUES ('jim')")
      const within = await createApiTokens({ repository: PostgresRepository.onClient(client, { schema }), catalogue })
      const { plaintext } = await within.issue({ ownedBy: "jim", name: "First", scopes: ["treasure:read"] })
      assert.isTrue((await within.verify(plaintext)).accepted, "the transaction sees it")
      assert.isFalse((await tokens.verify(plaintext)).accepted, "nobody else does yet")
      await within.close()
      await client.query(end)
      client.release()
      return plaintext
    })
    const verification = yield* Effect.promise(() => tokens.verify(plaintext))
    const users = yield* sql("SELECT name FROM app_user")
    return { accepted: verification.accepted, users: users.length }
  })

describe.skipIf(withoutPostgres)("a token that is issued in the application's own transaction", () => {
  it.effect("works once it is committed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* issuedAndThen("COMMIT"), { accepted: true, users: 1 })
    }),
  )

  it.effect("is unknown when it is rolled back", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* issuedAndThen("ROLLBACK"), { accepted: false, users: 0 })
    }),
  )
})

describe.skipIf(withoutPostgres)("a pool", () => {
  it.effect("with the application's own type parsers and settings gives the same tokens", () =>
    Effect.gen(function* () {
      const types = { getTypeParser: () => () => "the application's own" }
      const options =
        "-c datestyle=german -c timezone=Asia/Tokyo -c intervalstyle=sql_standard -c default_transaction_isolation=serializable"
      const store = yield* aStore({ tablePrefix: "auth_" }, { types, options })
      const token = aToken({ expiresAt: Option.some(aToken().createdAt) })
      yield* store.repository.insert(token)
      yield* store.usage.record([aUse({ tokenId: token.id })])
      assert.deepStrictEqual(yield* store.repository.findById(token.id), Option.some(token))
      assert.deepStrictEqual(yield* store.usage.usageOf([token.id]), [aUse({ tokenId: token.id })])
    }),
  )

  it.effect("that loses prepared statements works, with the option and, more slowly, without it", () =>
    Effect.gen(function* () {
      const { pool, schema, repository } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const forgetful = {
        connect: async () => {
          const client = await pool.connect()
          return {
            query: async (statement: StatementForDriver) => {
              if (statement.text !== "ROLLBACK") await client.query("DEALLOCATE ALL")
              return client.query(statement)
            },
            release: (error?: Error) => client.release(error),
            on: client.on.bind(client),
            removeListener: client.removeListener.bind(client),
          }
        },
      }
      for (const preparedStatements of [false, true]) {
        const options = { schema, preparedStatements, migrate: false }
        const through = yield* portsOf(PostgresRepository.layerFrom(forgetful, options))
        for (let time = 0; time < 3; time++) {
          assert.isTrue(Option.isSome(yield* through.repository.findByDigest([token.secrets[0].digest])))
          yield* through.repository.insert(aToken())
        }
      }
    }),
  )
})
