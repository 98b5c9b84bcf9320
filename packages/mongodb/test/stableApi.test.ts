import { assert, describe, it } from "@effect/vitest"
import { type KeyId, unattributed } from "@tokenry/core/adapter"
import { MongoRepository } from "@tokenry/mongodb"
import { aDigest, aSecret, at, aToken, aUse, named, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aClient, aDatabase, patient, portsOf, withoutMongodb, withoutRealMongod } from "./stores.ts"

const ownedBy = owner("owner-1")

/** The commands in Stable API V1 (MongoDB 5.0), except those for users and transactions. */
const commandsOfV1 = [
  ..."aggregate collMod count create createIndexes delete drop dropDatabase dropIndexes explain find findAndModify".split(
    " ",
  ),
  ..."getMore hello insert killCursors listCollections listDatabases listIndexes ping update endSessions".split(" "),
]

/** The index options in V1 that the driver sends. */
const indexOptionsOfV1 = "v key name unique hidden partialFilterExpression expireAfterSeconds collation".split(" ")

const stagesOfV1 = ["$match", "$group", "$project", "$sort", "$limit", "$skip", "$unwind"]

type Command = Readonly<Record<string, unknown>>

/** A token's whole life: every operation of both ports. */
const wholeLife = ({ repository, usage }: Effect.Success<ReturnType<typeof portsOf>>) =>
  Effect.gen(function* () {
    const by = unattributed
    const revocation = { at: at(3), reason: "r" }
    const keyId = Option.some("key-1" as KeyId)
    const token = aToken({ ownedBy, issuedTo: Option.some("an app"), expiresAt: Option.some(at(50)) })
    const minted = aToken({ ownedBy, ancestors: [token.id], secrets: [aSecret({ keyId })] })
    yield* usage.begin(at(0))
    for (const each of [token, minted]) yield* repository.insert(each)
    yield* repository.findByDigest([token.secrets[0].digest])
    yield* repository.findByDigest([token.secrets[0].digest, aDigest()])
    yield* repository.findManyById([token.id, minted.id])
    yield* usage.record([aUse({ tokenId: token.id }), aUse({ tokenId: minted.id })])
    yield* usage.record([aUse({ tokenId: token.id })])
    yield* usage.usageOf([token.id])
    const renamed = token.rename(named("laptop"), at(1), by)
    yield* repository.replace(renamed, token.revision)
    yield* Effect.flip(repository.replace(renamed, token.revision))
    yield* repository.markDelivered(token.id, renamed.revision)
    for (const state of ["any", "live", "dead"] as const) {
      const list = { ownedBy, state, now: at(0), limit: 1 }
      const [first] = yield* repository.listOwnedBy({ ...list, after: Option.none() })
      yield* repository.listOwnedBy({ ...list, after: Option.fromUndefinedOr(first), lineageOf: token.id })
    }
    yield* repository.countLiveOwnedBy(ownedBy, at(0))
    yield* repository.keyIdsInUse
    for (const stream of [
      repository.liveCreatedBefore(at(9), at(9)),
      repository.expiringBetween(at(0), at(99)),
      repository.withKey(keyId),
      repository.undelivered,
    ]) {
      yield* Stream.runCollect(stream)
    }
    yield* repository.revokeIssuedTo("an app", Option.none(), revocation, by)
    yield* repository.revokeOwnedBy(ownedBy, revocation, by)
    yield* repository.findById(token.id)
    yield* repository.purge(at(100))
  })

const assertInV1 = (command: Command): void => {
  const [name = ""] = Object.keys(command)
  assert.include(commandsOfV1, name)
  const { indexes, pipeline } = command as { readonly indexes?: Array<Command>; readonly pipeline?: Array<Command> }
  for (const option of (indexes ?? []).flatMap((index) => Object.keys(index))) assert.include(indexOptionsOfV1, option)
  for (const stage of (pipeline ?? []).flatMap((stage) => Object.keys(stage))) assert.include(stagesOfV1, stage)
}

describe.skipIf(withoutMongodb)("the Stable API", () => {
  it.effect("V1 includes every command sent in a token's whole life", () =>
    Effect.gen(function* () {
      const database = yield* aDatabase({ monitorCommands: true })
      const commands: Array<Command> = []
      database.client.on("commandStarted", ({ command }) => commands.push(command))
      yield* wholeLife(yield* portsOf(MongoRepository.layerFrom(database, patient)))
      const sent = new Set(commands.map((command) => Object.keys(command)[0]))
      for (const name of ["createIndexes", "listIndexes", "insert", "find", "update", "aggregate", "delete"]) {
        assert.include([...sent], name)
      }
      for (const command of commands) assertInV1(command)
    }),
  )

  it.effect.skipIf(withoutRealMongod)("can be strict (on a real mongod only)", () =>
    Effect.gen(function* () {
      const { databaseName } = yield* aDatabase()
      const client = yield* aClient({ serverApi: { version: "1", strict: true, deprecationErrors: true } })
      yield* wholeLife(yield* portsOf(MongoRepository.layerFrom(client, { databaseName, ...patient })))
    }),
  )
})
