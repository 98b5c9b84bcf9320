import { assert, describe, it } from "@effect/vitest"
import { type ApiTokenRepository, type KeyId, type TokenUsageStore, unattributed } from "@tokenry/core/adapter"
import { documentOf, MongoRepository } from "@tokenry/mongodb"
import { aDigest, anId, aSecret, at, aToken, aUse, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Db } from "mongodb"
import { aDatabase, patient, portsOf, withoutRealMongod } from "./stores.ts"

const ownedBy = owner("owner-1")

type Ports = ApiTokenRepository["Service"] & TokenUsageStore["Service"]
type Command = Readonly<Record<string, unknown>>

const list = { ownedBy: owner("owner-7"), now: at(100), after: Option.none(), limit: 10 } as const
const keyId = "key-1" as KeyId
const revocation = { at: at(200), reason: "r" }

/** Each operation, and the indexes that its commands must use. */
const uses: ReadonlyArray<
  readonly [name: string, indexes: ReadonlyArray<string>, (ports: Ports) => Effect.Effect<unknown, unknown>]
> = [
  ["findById", [], ({ findById }) => findById(anId())],
  ["findManyById", [], ({ findManyById }) => findManyById([anId(), anId()])],
  ["findByDigest", ["digest"], ({ findByDigest }) => findByDigest([aDigest()])],
  ["findByDigest of two", ["digest"], ({ findByDigest }) => findByDigest([aDigest(), aDigest()])],
  ["listOwnedBy any", ["owner_newest_first"], ({ listOwnedBy }) => listOwnedBy({ ...list, state: "any" })],
  ["listOwnedBy dead", ["owner_newest_first"], ({ listOwnedBy }) => listOwnedBy({ ...list, state: "dead" })],
  [
    "listOwnedBy, a later page",
    ["owner_newest_first"],
    ({ listOwnedBy }) => listOwnedBy({ ...list, state: "any", after: Option.some({ createdAt: at(150), id: anId() }) }),
  ],
  ["countLiveOwnedBy", ["owner_unrevoked"], ({ countLiveOwnedBy }) => countLiveOwnedBy(list.ownedBy, at(100))],
  ["liveCreatedBefore", ["created"], ({ liveCreatedBefore }) => Stream.runCollect(liveCreatedBefore(at(20), at(100)))],
  ["expiringBetween", ["expires"], ({ expiringBetween }) => Stream.runCollect(expiringBetween(at(110), at(120)))],
  ["undelivered", ["undelivered"], ({ undelivered }) => Stream.runCollect(undelivered)],
  ["withKey", ["key_id"], ({ withKey }) => Stream.runCollect(withKey(Option.some(keyId)))],
  ["markDelivered", [], ({ markDelivered }) => markDelivered(anId(), 1)],
  ["record", [], ({ record }) => record(tokens.slice(0, 3).map(({ id }) => aUse({ tokenId: id })))],
  ["usageOf", ["token"], ({ usageOf }) => usageOf([anId(), anId()])],
  ["keyIdsInUse", ["key_id"], ({ keyIdsInUse }) => keyIdsInUse],
  ["purge", ["expires", "revoked", "ancestor", "token"], ({ purge }) => purge(at(3))],
  [
    "revokeIssuedTo",
    ["issued_to"],
    ({ revokeIssuedTo }) => revokeIssuedTo("app-3", Option.none(), revocation, unattributed),
  ],
  ["revokeOwnedBy", ["owner_unrevoked"], ({ revokeOwnedBy }) => revokeOwnedBy(list.ownedBy, revocation, unattributed)],
]

/** Three hundred tokens of thirty owners, some of them dead. */
const tokens = Array.from({ length: 300 }, (_, index) => {
  const token = aToken({
    ownedBy: owner(`owner-${index % 30}`),
    createdAt: at(index),
    expiresAt: index % 3 === 0 ? Option.some(at(index)) : Option.none(),
    issuedTo: index % 5 === 0 ? Option.some(`app-${index % 7}`) : Option.none(),
    ancestors: index % 4 === 0 ? [anId()] : [],
    secrets: [aSecret({ keyId: index % 3 === 0 ? Option.some(keyId) : Option.none() })],
    undelivered: index % 10 === 0 ? 1 : 0,
  })
  return index % 11 === 0 ? token.revoke({ at: at(index), reason: "r" }, unattributed) : token
})

const explained = ["find", "aggregate", "distinct", "update", "delete"]

/** Fields that the driver adds to every command. */
const envelope = [
  "lsid",
  "txnNumber",
  "maxTimeMS",
  "readConcern",
  "writeConcern",
  "$db",
  "$readPreference",
  "$clusterTime",
]

/** The server's plan for a command that the driver sent. */
const planOf = (database: Db, command: Command, verbosity: "queryPlanner" | "executionStats" = "queryPlanner") =>
  Effect.promise(async () => {
    const query = Object.fromEntries(Object.entries(command).filter(([name]) => !envelope.includes(name)))
    const plan = await database.command({ explain: query, verbosity })
    return JSON.stringify(plan, (key, value: unknown) =>
      ["rejectedPlans", "command"].includes(key) ? undefined : value,
    )
  })

/** The server's plans for the commands of this operation. */
const plansOf = (use: (ports: Ports) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const database = yield* aDatabase({ monitorCommands: true })
    const { repository, usage } = yield* portsOf(MongoRepository.layerFrom(database, patient))
    yield* Effect.promise(() =>
      database.collection<{ _id: string }>("api_token").insertMany(tokens.map((token) => ({ ...documentOf(token) }))),
    )
    yield* usage.record(tokens.map(({ id }) => aUse({ tokenId: id })))
    const commands: Array<Command> = []
    database.client.on("commandStarted", ({ command }) => commands.push({ ...command }))
    yield* use({ ...repository, ...usage })
    database.client.removeAllListeners("commandStarted")
    const plans = yield* Effect.forEach(
      commands.filter((command) => explained.some((verb) => verb in command)),
      (command) => planOf(database, command),
    )
    assert.isNotEmpty(plans)
    return plans
  })

describe.skipIf(withoutRealMongod)("plans (on a real mongod only)", () => {
  it.effect.each(uses)("%s uses its index, and neither scans nor sorts", ([, indexes, use]) =>
    Effect.gen(function* () {
      const plans = yield* plansOf(use)
      for (const plan of plans) {
        assert.notInclude(plan, '"COLLSCAN"')
        assert.notInclude(plan, '"SORT"')
      }
      for (const index of indexes) assert.include(plans.join("\n"), `"indexName":"${index}"`)
    }),
  )

  it.effect("the list of a lineage never scans; it may sort, because lineages are small", () =>
    Effect.gen(function* () {
      const plans = yield* plansOf(({ listOwnedBy }) => listOwnedBy({ ...list, state: "any", lineageOf: anId() }))
      for (const plan of plans) assert.notInclude(plan, '"COLLSCAN"')
    }),
  )

  it.effect("the list of live tokens uses one of the owner's indexes; it may sort, because live tokens are few", () =>
    Effect.gen(function* () {
      const plans = yield* plansOf(({ listOwnedBy }) => listOwnedBy({ ...list, state: "live" }))
      for (const plan of plans) assert.match(plan, /"indexName":"owner_(newest_first|unrevoked)"/)
    }),
  )

  it.effect("each batch of a sweep starts where the previous one ended, even within one instant", () =>
    Effect.gen(function* () {
      const stored = Array.from({ length: 1000 }, () => ({ ...documentOf(aToken({ ownedBy, createdAt: at(1) })) }))
      const database = yield* aDatabase({ monitorCommands: true })
      const { repository } = yield* portsOf(MongoRepository.layerFrom(database, patient))
      yield* Effect.promise(() => database.collection<{ _id: string }>("api_token").insertMany(stored))
      const commands: Array<Command> = []
      database.client.on("commandStarted", ({ command }) => commands.push({ ...command }))
      for (const sweep of [repository.liveCreatedBefore(at(2), at(2)), repository.undelivered]) {
        commands.length = 0
        yield* Stream.runDrain(sweep)
        const finds = commands.filter((command) => "find" in command)
        const plans = yield* Effect.forEach(finds, (command) => planOf(database, command, "executionStats"))
        const examined = plans.map((plan) => Number(/"totalKeysExamined":(\d+)/.exec(plan)?.[1]))
        assert.isAtLeast(examined.length, 10)
        for (const keys of examined) assert.isAtMost(keys, 200)
      }
    }),
  )

  it.effect("counting live tokens examines no dead ones", () =>
    Effect.gen(function* () {
      const dead = Array.from({ length: 400 }, (_, index) =>
        index % 2 === 0
          ? aToken({ ownedBy, expiresAt: Option.some(at(index)) })
          : aToken({ ownedBy }).revoke({ at: at(index), reason: "r" }, unattributed),
      )
      const stored = [...dead, aToken({ ownedBy }), aToken({ ownedBy }), aToken({ ownedBy })].map((token) => ({
        ...documentOf(token),
      }))
      const database = yield* aDatabase({ monitorCommands: true })
      const { repository } = yield* portsOf(MongoRepository.layerFrom(database, patient))
      yield* Effect.promise(() => database.collection<{ _id: string }>("api_token").insertMany(stored))
      const commands: Array<Command> = []
      database.client.on("commandStarted", ({ command }) => commands.push({ ...command }))
      assert.strictEqual(yield* repository.countLiveOwnedBy(ownedBy, at(1000)), 3)
      database.client.removeAllListeners("commandStarted")
      const counting = commands.filter((command) => "aggregate" in command)
      const plan = JSON.stringify(
        yield* Effect.forEach(counting, (command) => planOf(database, command, "executionStats")),
      )
      const examined = Array.from(plan.matchAll(/"totalDocsExamined":(\d+)/g), ([, count]) => Number(count))
      assert.isNotEmpty(examined)
      assert.isAtMost(Math.max(...examined), 3)
    }),
  )
})
