import { describe } from "@effect/vitest"
import { MongoRepository } from "@tokenry/mongodb"
import { lifecycleContract, repositoryContract, serviceContract, usageContract } from "@tokenry/repository-contract"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { aDatabase, patient, urlOf, withoutMongodb } from "./stores.ts"

class DatabaseName extends Context.Service<DatabaseName, string>()("@tokenry/mongodb/test/DatabaseName") {
  static readonly layer = Layer.effect(
    DatabaseName,
    Effect.map(aDatabase(), ({ databaseName }) => databaseName),
  )
}

/** Each law gets a new database, which all its clients share. */
const client = () =>
  Layer.unwrap(Effect.map(DatabaseName, (name) => MongoRepository.layer({ url: urlOf(name), ...patient }))).pipe(
    Layer.provide(DatabaseName.layer),
  )

const callersDatabase = Layer.unwrap(
  Effect.map(aDatabase(), (database) => MongoRepository.layerFrom(database, patient)),
)

/** The contracts register tests; vitest skips them if their group is skipped. */
describe.skipIf(withoutMongodb)("with a MongoDB server", () => {
  repositoryContract("MongoDB, on a caller's client", callersDatabase, { runs: 25 })
  repositoryContract("MongoDB, by two clients", client(), { alsoThrough: client(), runs: 25 })
  usageContract("MongoDB, by two clients", client(), { alsoThrough: client(), runs: 25 })
  serviceContract("MongoDB, by two clients", client(), { alsoThrough: client(), runs: 40 })
  lifecycleContract("MongoDB", callersDatabase, { sequences: 10 })
})
