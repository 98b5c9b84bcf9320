import { describe } from "@effect/vitest"
import { MongoRepository } from "@tokenry/mongodb"
import { repositoryContract } from "@tokenry/repository-contract"
import { Context, Effect, Layer } from "effect"
import { aDatabase, urlOf, withoutMongodb } from "./stores.ts"

class DatabaseName extends Context.Service<DatabaseName, string>()("@tokenry/mongodb/test/DatabaseName") {
  static readonly layer = Layer.effect(
    DatabaseName,
    Effect.map(aDatabase(), ({ databaseName }) => databaseName),
  )
}

/** A client of a database that is new for each law; for all clients of one law, the same database. */
const client = () =>
  Layer.unwrap(Effect.map(DatabaseName, (name) => MongoRepository.layer({ url: urlOf(name) }))).pipe(
    Layer.provide(DatabaseName.layer),
  )

const callersDatabase = Layer.unwrap(Effect.map(aDatabase(), (database) => MongoRepository.layerFrom(database)))

describe.skipIf(withoutMongodb)("on a new database for each law", () => {
  repositoryContract("MongoDB, on a caller's client", callersDatabase, { runs: 25 })
  repositoryContract("MongoDB, by two clients", client(), { alsoThrough: client(), runs: 25 })
})
