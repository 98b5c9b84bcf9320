import { describe, it } from "@effect/vitest"
import type { ApiTokenRepository } from "@tokenry/core"
import { MongoRepository } from "@tokenry/mongodb"
import { type CheckOptions, checkLaw, type LawName, laws } from "@tokenry/repository-contract"
import { Context, Effect, Layer } from "effect"
import { aDatabase, urlOf, withoutMongodb, withoutRealMongod } from "./stores.ts"

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

/** The stand-in server may send half of a document as it was and half as another command leaves it; no mongod does. */
const needsRealMongod: LawName =
  "whoever reads while others write sees a token as it was or as it is, and never a mixture"

const contract = (name: string, layer: Layer.Layer<ApiTokenRepository, unknown>, options: CheckOptions) =>
  describe.skipIf(withoutMongodb)(`the repository contract, kept by ${name}`, { concurrent: false }, () => {
    for (const law of laws) {
      const isSkipped = law.name === needsRealMongod && withoutRealMongod
      it.live.skipIf(isSkipped)(law.name, () => checkLaw(law, layer, options), 60_000)
    }
  })

contract("MongoDB, on a caller's client", callersDatabase, { runs: 25 })
contract("MongoDB, by two clients", client(), { alsoThrough: client(), runs: 25 })
