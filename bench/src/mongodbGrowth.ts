/**
 * How many index entries MongoDB walks for work on many tokens: `pnpm bench:growth`. Counted, not timed, since the stand-in
 * for MongoDB scans the collection for every find. Each find is taken to walk its index from its first bound to the last
 * token it returns, past tokens that no longer match, as MongoDB does.
 */
import type { ApiToken } from "@tokenry/core"
import { ApiTokenRepository, unattributed } from "@tokenry/core/adapter"
import {
  documentOf,
  type MongoClientLike,
  type MongoCollectionLike,
  MongoRepository,
  type TokenDocument,
} from "@tokenry/mongodb"
import { at, aToken, owner } from "@tokenry/repository-contract/tokens"
import type * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type Collection, MongoClient } from "mongodb"
import { findMongoServer } from "../../tools/mongodb-for-tests/MongoServer.ts"

const ownedBy = owner("owner-1")

type Repository = ApiTokenRepository["Service"]

interface Work {
  readonly name: string
  readonly tokens: (count: number) => Iterable<ApiToken>
  /** The fields of the index that each find goes by, after those that it compares for equality. */
  readonly index: ReadonlyArray<"expiresAt" | "ownedBy" | "createdAt" | "_id">
  readonly run: (repository: Repository) => Effect.Effect<unknown, unknown>
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1000, 10_000, 100_000]

const now = at(1_000_000_000)
const revocation = { at: now, reason: "an incident" }
const anApp = Option.some("an app")

/** Live tokens, every other one without an expiry, five for each of the app's owners. */
const liveTokens = function* (count: number) {
  for (let index = 0; index < count; index++) {
    const expiresAt = index % 2 === 0 ? Option.none() : Option.some(at(2_000_000_000 + index))
    yield aToken({ ownedBy, createdAt: at(index), expiresAt, issuedTo: anApp })
  }
}

const ofManyOwners = function* (count: number) {
  let index = 0
  for (const token of liveTokens(count)) yield aToken({ ...token, ownedBy: owner(`owner-${Math.floor(index++ / 5)}`) })
}

/** Fifty live tokens, older than all the dead ones, which are revoked and expired in turn. */
const mostlyDead = function* (count: number) {
  for (let index = 0; index < count; index++) {
    const createdAt = at(index)
    if (index < 50) yield aToken({ ownedBy, createdAt })
    else if (index % 2 === 0) yield aToken({ ownedBy, createdAt, expiresAt: Option.some(at(index + 1)) })
    else yield aToken({ ownedBy, createdAt }).revoke({ at: at(index), reason: "r" }, unattributed)
  }
}

const list = { ownedBy, state: "live", now, after: Option.none(), limit: 20 } as const

const works: ReadonlyArray<Work> = [
  {
    name: "revoke an owner's tokens",
    tokens: liveTokens,
    index: ["expiresAt", "_id"],
    run: ({ revokeOwnedBy }) => revokeOwnedBy(ownedBy, revocation, unattributed),
  },
  {
    name: "revoke an app's tokens",
    tokens: ofManyOwners,
    index: ["ownedBy", "_id"],
    run: ({ revokeIssuedTo }) => revokeIssuedTo("an app", Option.none(), revocation, unattributed),
  },
  {
    name: "sweep, all but 50 dead",
    tokens: mostlyDead,
    index: ["createdAt", "_id"],
    run: ({ liveCreatedBefore }) => Stream.runDrain(liveCreatedBefore(now, now)),
  },
  {
    name: "count live, all but 50 dead",
    tokens: mostlyDead,
    index: ["expiresAt", "_id"],
    run: ({ countLiveOwnedBy }) => countLiveOwnedBy(ownedBy, now),
  },
  {
    name: "list live, all but 50 dead",
    tokens: mostlyDead,
    index: ["expiresAt", "_id"],
    run: ({ listOwnedBy }) => listOwnedBy(list),
  },
]

interface Find {
  readonly filter: object
  readonly sort?: ReadonlyMap<string, number>
  readonly limit?: number
}

interface Cost {
  readonly commands: number
  readonly walked: number
}

const { url, description, stop } = await findMongoServer()
const databaseName = `tokenry-bench-${process.pid}`

/** What the work costs in a new collection of this many tokens. */
const costOf = async ({ tokens, index, run }: Work, count: number): Promise<Cost> => {
  // The stand-in answers one command at a time, heartbeats among them.
  const patience = { connectTimeoutMS: 600_000, serverSelectionTimeoutMS: 600_000 }
  const client = new MongoClient(url, { monitorCommands: true, ...patience })
  const collection = client.db(databaseName).collection<TokenDocument>("api_token")
  const deadlines = { read: "10 minutes", write: "10 minutes" } as const
  const runtime = ManagedRuntime.make(MongoRepository.layerFrom(updatingOneByOne(client), { databaseName, deadlines }))
  const repository = await runtime.runPromise(ApiTokenRepository)
  const places = new Map((await insertAll(collection, tokens(count), index)).map((id, place) => [id, place]))

  const finds = new Map<number, Find>()
  const matching: Array<object> = []
  let commands = 0
  let walked = 0
  client.on("commandStarted", ({ requestId, command }) => {
    commands += 1
    if ("find" in command) finds.set(requestId, command as Find)
    const match: unknown = command["pipeline"]?.[0]?.$match
    if (typeof match === "object" && match !== null) matching.push(match)
  })
  client.on("commandSucceeded", ({ requestId, reply }) => {
    const find = finds.get(requestId)
    const { cursor } = reply as { readonly cursor?: { readonly firstBatch: ReadonlyArray<{ readonly _id: string }> } }
    if (find === undefined || cursor === undefined) return
    const { filter, sort = new Map<string, number>(), limit = 0 } = find
    const last = cursor.firstBatch.length < limit ? undefined : cursor.firstBatch.at(-1)
    if ([...sort.keys()].every((field) => index.some((indexed) => indexed === field))) {
      const end = last === undefined ? count : placeOf(places, last._id) + 1
      walked += end - placeBefore(places, filter) - 1
    } else matching.push(filter)
  })
  await runtime.runPromise(run(repository))
  client.removeAllListeners()
  for (const filter of matching) walked += await collection.countDocuments(filter)
  await runtime.dispose()
  await client.db(databaseName).dropDatabase()
  await client.close()
  return { commands, walked }
}

/** The stand-in scans the collection for an update of many ids, so this sends one update for each. */
const updatingOneByOne = (client: MongoClient): MongoClientLike => ({
  ...client,
  db: (name) => ({
    databaseName,
    collection: (collectionName, options) => {
      const collection = client.db(name).collection(collectionName, options)
      const updateMany: MongoCollectionLike["updateMany"] = (filter, update) => {
        const { _id, ...rest } = filter as { readonly _id: { readonly $in: ReadonlyArray<never> } }
        return collection.bulkWrite(_id.$in.map((id) => ({ updateOne: { filter: { _id: id, ...rest }, update } })))
      }
      return Object.assign(Object.create(collection) as MongoCollectionLike, { updateMany })
    },
  }),
})

type Entry = Pick<TokenDocument, Work["index"][number]>

/** Returns the ids in the order of the index. */
const insertAll = async (
  collection: Collection<TokenDocument>,
  tokens: Iterable<ApiToken>,
  index: Work["index"],
): Promise<ReadonlyArray<string>> => {
  const entries: Array<readonly [key: string, id: string]> = []
  const batch: Array<TokenDocument> = []
  const insert = async () => void (await collection.insertMany(batch.splice(0)))
  for (const token of tokens) {
    const document = documentOf(token)
    entries.push([index.map((field) => keyOf(document, field)).join(" "), document._id])
    if (batch.push(document) === 2000) await insert()
  }
  if (batch.length > 0) await insert()
  return entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, id]) => id)
}

const keyOf = (entry: Entry, field: keyof Entry): string => {
  const value = entry[field]
  return typeof value === "string" ? value : value.toISOString()
}

/** The place of the id that a batch goes on after; -1 for the first batch. */
const placeBefore = (places: ReadonlyMap<string, number>, filter: object): number => {
  const id = /"_id":\{"\$gt":"(?<id>[^"]+)"\}/.exec(JSON.stringify(filter))?.groups?.["id"]
  return id === undefined ? -1 : placeOf(places, id)
}

const placeOf = (places: ReadonlyMap<string, number>, id: string): number => {
  const place = places.get(id)
  if (place === undefined) throw new Error("A find names a token that was not inserted")
  return place
}

console.log(`${description}. To reach: the same number of entries per token at every size.\n`)
console.log(`${"work".padEnd(28)}  tokens  commands  entries  per token`)
for (const work of works) {
  for (const count of sizes) {
    const { commands, walked } = await costOf(work, count)
    console.log(
      `${work.name.padEnd(28)} ${String(count).padStart(7)} ${String(commands).padStart(9)} ${String(walked).padStart(8)} ` +
        (walked / count).toFixed(3).padStart(10),
    )
  }
}
await stop()
