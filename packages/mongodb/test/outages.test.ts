import { assert, describe, it } from "@effect/vitest"
import { type ApiToken, RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import {
  type MongoClientLike,
  type MongoCollectionLike,
  MongoOpenError,
  MongoRepository,
  type MongoRepositoryOptions,
  UnexpectedAnswer,
} from "@tokenry/mongodb"
import { aDigest, at, aToken, aUse, owner } from "@tokenry/repository-contract/tokens"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { vi } from "vitest"
import { Proxy } from "./Proxy.ts"
import { aClient, aDatabase, patient, portsOf, repositoryOf, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

type Repository = ApiTokenRepository["Service"]

const revocation = { at: at(1), reason: "r" }
const by = { actor: { kind: "system" }, origin: {} } as const

/** A store behind a network that can fail. */
const behindProxy = (deadlines: NonNullable<MongoRepositoryOptions["deadlines"]> = patient.deadlines) =>
  Effect.gen(function* () {
    const database = yield* aDatabase()
    const proxy = yield* Proxy.start
    const client = yield* aClient({}, proxy.url)
    const { databaseName } = database
    const ports = yield* portsOf(MongoRepository.layerFrom(client, { databaseName, deadlines }))
    const { repository: patientRepository } = yield* portsOf(
      MongoRepository.layerFrom(client, { databaseName, ...patient, migrate: false }),
    )
    return { ...ports, patientRepository, proxy, tokens: database.collection("api_token") }
  })

/** A store on a collection whose operations all fail with this error. */
const answering = (error: object) => {
  const reject = async (): Promise<never> => {
    throw Object.assign(new Error("E"), error)
  }
  const cursor = () => ({ toArray: reject })
  const collection = {
    findOne: reject,
    find: cursor,
    countDocuments: reject,
    insertOne: reject,
    replaceOne: reject,
    updateOne: reject,
    updateMany: reject,
    deleteMany: reject,
    deleteOne: reject,
    createIndexes: reject,
    dropIndex: reject,
    listIndexes: () => ({ toArray: async () => [digestIndex] }),
  }
  const client: MongoClientLike = { db: () => ({ databaseName: "app", collection: () => collection }) }
  return repositoryOf(MongoRepository.layerFrom(client, { migrate: false, deadlines: { write: "200 millis" } }))
}

/** A store on an unreachable server whose indexes seem to exist. */
const onUnreachable = (deadlines: NonNullable<MongoRepositoryOptions["deadlines"]>) =>
  Effect.gen(function* () {
    const client = yield* aClient({ serverSelectionTimeoutMS: 60_000 }, "mongodb://127.0.0.1:9")
    const unreachable: MongoClientLike = {
      db: () => ({
        databaseName: "app",
        collection: (name, options) => {
          const collection = Object.create(client.db("app").collection(name, options)) as MongoCollectionLike
          return Object.assign(collection, { listIndexes: () => ({ toArray: async () => [digestIndex] }) })
        },
      }),
    }
    return yield* portsOf(MongoRepository.layerFrom(unreachable, { migrate: false, deadlines }))
  })

/** The index that opening checks. */
const digestIndex = { name: "digest", key: { "secrets.digest": 1 }, unique: true }

const until = (holds: () => Promise<boolean>) =>
  Effect.promise(() => vi.waitUntil(holds, { timeout: 200_000, interval: 20 }))

const defectOf = (cause: Cause.Cause<unknown>): unknown => {
  const [reason] = cause.reasons
  return reason?._tag === "Die" ? reason.defect : undefined
}

describe("a server that can't be reached", () => {
  it.effect("is reported on opening, with the address the driver tried", () =>
    Effect.gen(function* () {
      const url = "mongodb://user:s3cret@127.0.0.1:9/app?serverSelectionTimeoutMS=200"
      const error = yield* Effect.flip(repositoryOf(MongoRepository.layer({ url })))
      assert.instanceOf(error, MongoOpenError)
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "127.0.0.1:9")
      assert.notInclude(error.message, "s3cret")
    }),
  )

  it.effect("fails every operation by its deadline, although the driver would wait longer", () =>
    Effect.gen(function* () {
      const { repository, usage } = yield* onUnreachable({ read: "50 millis", write: "50 millis" })
      const token = aToken({ ownedBy })
      const { digest } = token.secrets[0]
      const attempts = {
        insert: repository.insert(token),
        replace: repository.replace(token, 1),
        findById: repository.findById(token.id),
        findManyById: repository.findManyById([token.id]),
        findByDigest: repository.findByDigest([digest]),
        revokeOwnedBy: repository.revokeOwnedBy(token.ownedBy, revocation, by),
        revokeIssuedTo: repository.revokeIssuedTo("an app", Option.none(), revocation, by),
        listOwnedBy: repository.listOwnedBy({
          ownedBy: token.ownedBy,
          state: "any",
          now: at(0),
          after: Option.none(),
          limit: 1,
        }),
        countLiveOwnedBy: repository.countLiveOwnedBy(token.ownedBy, at(0)),
        liveCreatedBefore: Stream.runCollect(repository.liveCreatedBefore(at(0), at(0))),
        expiringBetween: Stream.runCollect(repository.expiringBetween(at(0), at(1))),
        keyIdsInUse: repository.keyIdsInUse,
        withKey: Stream.runCollect(repository.withKey(Option.none())),
        undelivered: Stream.runCollect(repository.undelivered),
        markDelivered: repository.markDelivered(token.id, 1),
        purge: repository.purge(at(0)),
        record: usage.record([aUse({ tokenId: token.id })]),
        usageOf: usage.usageOf([token.id]),
        begin: usage.begin(at(0)),
      }
      for (const [operation, attempt] of Object.entries(attempts)) {
        const error = yield* Effect.flip<unknown, unknown, never>(attempt)
        assert.instanceOf(error, RepositoryUnavailable)
        assert.strictEqual(error.operation, operation)
        assert.notInclude(inspect(error, { depth: 20, showHidden: true }), digest.hex)
      }
    }),
  )
})

describe.skipIf(withoutMongodb)("a network that fails", () => {
  const hanging: Readonly<
    Record<string, (repository: Repository, token: ApiToken) => Effect.Effect<unknown, unknown>>
  > = {
    findByDigest: (repository, token) => repository.findByDigest([token.secrets[0].digest]),
    listOwnedBy: (repository, { ownedBy }) =>
      repository.listOwnedBy({ ownedBy, state: "any", now: at(0), after: Option.none(), limit: 9 }),
    insert: (repository) => repository.insert(aToken({ ownedBy })),
    replace: (repository, { id }) => repository.replace(aToken({ ownedBy, id, revision: 2 }), 1),
    revokeOwnedBy: (repository, { ownedBy }) => repository.revokeOwnedBy(ownedBy, revocation, by),
  }

  it.effect.each(Object.entries(hanging))("silently is an outage, and no connection is left hanging: %s", ([, call]) =>
    Effect.gen(function* () {
      const { proxy, repository, patientRepository } = yield* behindProxy({ read: "100 millis", write: "100 millis" })
      const token = aToken({ ownedBy })
      yield* patientRepository.insert(token)
      const { connections } = proxy
      proxy.silence()
      assert.instanceOf(yield* Effect.flip(call(repository, token)), RepositoryUnavailable)
      yield* until(async () => proxy.connections === connections - 1)
      proxy.speak()
      proxy.cut()
      yield* until(() => Effect.runPromise(Effect.isSuccess(patientRepository.findById(token.id))))
    }),
  )

  it.effect("and cuts a connection is hidden by the driver's retry of a read", () =>
    Effect.gen(function* () {
      const { proxy, repository } = yield* behindProxy()
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      proxy.loseAnswerTo("find")
      assert.isTrue(Option.isSome(yield* repository.findByDigest([token.secrets[0].digest])))
    }),
  )

  it.effect("during a bulk revocation is hidden by a retry, which revokes each token once", () =>
    Effect.gen(function* () {
      const { proxy, repository } = yield* behindProxy()
      const tokens = Array.from({ length: 5 }, () => aToken({ ownedBy }))
      for (const token of tokens) yield* repository.insert(token)
      proxy.loseAnswerTo("update")
      yield* repository.revokeOwnedBy(ownedBy, revocation, by)
      for (const { id } of tokens) {
        const { revision, history } = Option.getOrThrow(yield* repository.findById(id))
        assert.deepStrictEqual([revision, history.length], [2, 2])
      }
    }),
  )

  it.effect("during a purge is hidden by a retry", () =>
    Effect.gen(function* () {
      const { proxy, repository, tokens } = yield* behindProxy()
      for (let index = 0; index < 3; index++)
        yield* repository.insert(aToken({ ownedBy, expiresAt: Option.some(at(0)) }))
      proxy.loseAnswerTo("delete")
      yield* repository.purge(at(1))
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments()), 0)
    }),
  )

  it.effect.each(["insert", "update"])("while uses are recorded counts none of them twice: %s", (command) =>
    Effect.gen(function* () {
      const { proxy, repository, usage } = yield* behindProxy()
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      if (command === "update") yield* usage.record([aUse({ tokenId: token.id })])
      proxy.loseAnswerTo(command)
      const outcome = yield* Effect.exit(usage.record([aUse({ tokenId: token.id })]))
      // Where writes are retryable (replica sets), the driver finds out by itself.
      if (outcome._tag === "Failure") assert.include(inspect(outcome, { depth: 9 }), "RepositoryUnavailable")
      const count = command === "update" ? 2 : 1
      assert.deepStrictEqual(yield* usage.usageOf([token.id]), [aUse({ tokenId: token.id, count })])
    }),
  )

  it.effect("after an insert is an outage, and the token may exist", () =>
    Effect.gen(function* () {
      const { proxy, repository, tokens } = yield* behindProxy()
      proxy.loseAnswerTo("insert")
      const outcome = yield* Effect.exit(repository.insert(aToken({ ownedBy })))
      // Where writes are retryable (replica sets), the driver finds out by itself.
      if (outcome._tag === "Failure") assert.include(inspect(outcome, { depth: 9 }), "RepositoryUnavailable")
      assert.strictEqual(yield* Effect.promise(() => tokens.countDocuments()), 1)
    }),
  )
})

describe("an error from the server", () => {
  const outages: ReadonlyArray<object> = [
    { name: "MongoServerError", code: 10107, codeName: "NotWritablePrimary" },
    { name: "MongoServerError", code: 189 },
    { name: "MongoServerError", code: 11602 },
    { name: "MongoServerError", code: 91 },
    { name: "MongoServerError", code: 50 },
    ...[24, 46, 249, 261, 264, 355, 365, 371, 402, 407, 433, 449, 450, 462].map((code) => ({
      name: "MongoServerError",
      code,
    })),
    { name: "MongoServerError", code: 13 },
    { name: "MongoServerError", code: 18 },
    { name: "MongoWriteConcernError", code: 64 },
    { name: "MongoServerError", code: 4711, errorLabels: ["RetryableWriteError"] },
    { name: "MongoServerError", errorLabels: ["SystemOverloadedError", "RetryableError"] },
    { name: "Error", code: "EPIPE" },
    { name: "Error", code: "EAI_AGAIN", syscall: "querySrv" },
    { name: "MongoNetworkError" },
    { name: "MongoNetworkTimeoutError" },
    { name: "MongoServerSelectionError" },
    { name: "MongoWaitQueueTimeoutError" },
    { name: "PoolClearedOnNetworkError" },
  ]

  it.effect.each(outages)("is an outage by its code, label or class: %j", (error) =>
    Effect.gen(function* () {
      const repository = yield* answering(error)
      for (const attempt of [
        repository.findByDigest([aDigest()]),
        repository.insert(aToken({ ownedBy })),
        repository.revokeOwnedBy(ownedBy, revocation, by),
      ]) {
        assert.instanceOf(yield* Effect.flip(attempt as Effect.Effect<unknown, unknown>), RepositoryUnavailable)
      }
    }),
  )

  it.effect("of another kind is a defect that doesn't quote the document", () =>
    Effect.gen(function* () {
      const { hex } = aDigest()
      const repository = yield* answering({
        name: "MongoServerError",
        code: 121,
        codeName: "DocumentValidationFailure",
        message: `failed: ${hex}`,
        errInfo: { consideredValue: hex },
      })
      const cause = yield* Effect.flip(Effect.sandbox(repository.insert(aToken({ ownedBy }))))
      assert.instanceOf(defectOf(cause), UnexpectedAnswer)
      assert.include(String(defectOf(cause)), "DocumentValidationFailure")
      assert.notInclude(inspect(cause, { depth: 20, showHidden: true }), hex)
    }),
  )
})
