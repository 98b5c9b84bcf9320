import { assert, describe, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { type ApiTokenRepository, unattributed } from "@tokenry/core/adapter"
import { documentOf, MongoRepository } from "@tokenry/mongodb"
import { at, aToken, owner } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Db, Sort } from "mongodb"
import { aClient, aDatabase, patient, repositoryOf, withoutMongodb } from "./stores.ts"

const ownedBy = owner("owner-1")

type Repository = ApiTokenRepository["Service"]
type Filter = Readonly<Record<string, unknown>>

interface Find {
  readonly filter: Filter
  readonly sort?: Sort
  readonly limit?: number
  readonly projection?: Filter
}

const sizes = [1000, 2000]

/** Whether the server must look at documents to check the condition, because the index doesn't contain it. */
type IsResidual = (field: string, condition: unknown) => boolean

const revocation = { at: at(10_000_000), reason: "an incident" }

/** Tokens of one owner and one app. The older ones are dead, alternately expired and revoked; the newer ones are live. */
const tokensOf = (dead: number, live: number): ReadonlyArray<ApiToken> =>
  Array.from({ length: dead + live }, (_, index) => {
    const fields = { createdAt: at(index), issuedTo: Option.some("an app") }
    if (index >= dead) return aToken(fields)
    return index % 2 === 0
      ? aToken({ ownedBy, ...fields, expiresAt: Option.some(at(index + 1)) })
      : aToken(fields).revoke({ at: at(index), reason: "r" }, unattributed)
  })

/** For each find that is sent: how many documents it examines through an index on all but the residual fields. */
const examinedBy = (
  tokens: ReadonlyArray<ApiToken>,
  isResidual: IsResidual,
  use: (repository: Repository) => Effect.Effect<unknown, unknown>,
) =>
  Effect.gen(function* () {
    const database = yield* aDatabase({ monitorCommands: true })
    const repository = yield* repositoryOf(MongoRepository.layerFrom(database, patient))
    const stored = tokens.map((token) => ({ ...documentOf(token) }))
    yield* Effect.promise(() => database.collection<{ _id: string }>("api_token").insertMany(stored))
    const observer = (yield* aClient()).db(database.databaseName)
    const finds: Array<() => Promise<number>> = []
    const asked = new Map<number, Find>()
    database.client.on("commandStarted", ({ commandName, command, requestId }) => {
      if (commandName === "find" && command["find"] === "api_token") asked.set(requestId, command as Find)
    })
    database.client.on("commandSucceeded", ({ requestId, reply }) => {
      const find = asked.get(requestId)
      const { cursor } = reply as { readonly cursor?: { readonly firstBatch: ReadonlyArray<{ readonly _id: string }> } }
      if (find === undefined || cursor === undefined) return
      finds.push(() => examined(observer, find, cursor.firstBatch, isResidual))
    })
    yield* use(repository)
    return yield* Effect.forEach(finds, (find) => Effect.promise(find))
  })

/** Counts to the last document returned, or the whole range if the limit isn't reached. */
const examined = async (
  observer: Db,
  { filter, sort, limit = 0 }: Find,
  returned: ReadonlyArray<{ readonly _id: string }>,
  isResidual: IsResidual,
): Promise<number> => {
  const range = observer
    .collection<{ _id: string }>("api_token")
    .find(without(isResidual, filter), { projection: { _id: 1 } })
  const ids = (await (sort === undefined ? range : range.sort(sort)).toArray()).map(({ _id }) => _id)
  const last = returned.at(-1)
  return returned.length < limit || last === undefined ? ids.length : ids.indexOf(last._id) + 1
}

const without = (isResidual: IsResidual, filter: Filter): Filter =>
  Object.fromEntries(
    Object.entries(filter)
      .filter(([field, value]) => !isResidual(field, value))
      .map(([field, value]) => [
        field,
        field === "$and" && Array.isArray(value) ? value.map((each: Filter) => without(isResidual, each)) : value,
      ]),
  )

const isRevocation: IsResidual = (field) => field === "revocation"

const isExpiry: IsResidual = (field, condition) =>
  field !== "$and" && JSON.stringify([field, condition]).includes("expiresAt")

const sum = (counts: ReadonlyArray<number>) => counts.reduce((total, count) => total + count, 0)

describe.skipIf(withoutMongodb)("work on many tokens", () => {
  const revoking: Readonly<Record<string, (repository: Repository) => Effect.Effect<number, unknown>>> = {
    "revoking an owner's": ({ revokeOwnedBy }) => revokeOwnedBy(ownedBy, revocation, unattributed),
    "revoking an app's": ({ revokeIssuedTo }) => revokeIssuedTo("an app", Option.none(), revocation, unattributed),
    "revoking an app's of one owner": ({ revokeIssuedTo }) =>
      revokeIssuedTo("an app", Option.some(ownedBy), revocation, unattributed),
  }

  it.effect.each(Object.entries(revoking))(
    "grows linearly: %s",
    ([, revoke]) =>
      Effect.gen(function* () {
        for (const count of sizes) {
          const finds = yield* examinedBy(tokensOf(0, count), isRevocation, revoke)
          // Each once in order, and once more to check that none is left.
          assert.isAtMost(sum(finds), 2 * count)
          assert.isAtMost(finds.length, count / 500 + 2)
        }
      }),
    120_000,
  )

  it.effect("reads no more than a batch, however many dead tokens are in the way of a sweep", () =>
    Effect.gen(function* () {
      const tokens = tokensOf(350, 50)
      const sweeps: ReadonlyArray<readonly [IsResidual, (repository: Repository) => Effect.Effect<unknown, unknown>]> =
        [
          [isExpiry, ({ liveCreatedBefore }) => Stream.runCollect(liveCreatedBefore(at(5000), at(5000)))],
          [isRevocation, ({ expiringBetween }) => Stream.runCollect(expiringBetween(at(0), at(5000)))],
        ]
      for (const [isResidual, sweep] of sweeps) {
        const finds = yield* examinedBy(tokens, isResidual, sweep)
        assert.isNotEmpty(finds)
        // A batch, and the document it starts after.
        for (const count of finds) assert.isAtMost(count, 101)
      }
    }),
  )
})
