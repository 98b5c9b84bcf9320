/** Layers of one store: a place that is new for each law, through several pools and processes. */
import { ApiTokenRepository, TokenChanges, TokenUsageStore } from "@tokenry/core/adapter"
import { PostgresRepository } from "@tokenry/postgres"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { fileURLToPath } from "node:url"
import {
  anotherProcess,
  type CallElsewhere,
  changesCalledBy,
  repositoryCalledBy,
  usageStoreCalledBy,
} from "../../../tools/other-process/otherProcess.ts"
import { aPlace, aPool, patient, type Place } from "./stores.ts"

class StorePlace extends Context.Service<StorePlace, Place>()("@tokenry/postgres/test/StorePlace") {
  static readonly layer = Layer.effect(StorePlace, aPlace)
}

/** A pool of its own; for all pools of one law, in the same place. */
export const pool = () =>
  Layer.unwrap(Effect.map(StorePlace, (place) => PostgresRepository.layer({ ...place, ...patient }))).pipe(
    Layer.provide(StorePlace.layer),
  )

/** A pool of the caller's, in the same place. */
export const callersPool = Layer.unwrap(
  Effect.gen(function* () {
    const { url, schema } = yield* StorePlace
    return PostgresRepository.layerFrom(yield* aPool(url), { schema, ...patient })
  }),
).pipe(Layer.provide(StorePlace.layer))

const program = ({ url, schema }: Place) => ({
  path: fileURLToPath(new URL("./programs/serve.ts", import.meta.url)),
  args: [url, schema],
})

class OtherProcess extends Context.Service<OtherProcess, CallElsewhere>()("@tokenry/postgres/test/OtherProcess") {
  static readonly layer = Layer.effect(
    OtherProcess,
    Effect.flatMap(StorePlace, (place) => anotherProcess(program(place))),
  ).pipe(Layer.provide(StorePlace.layer))
}

/** The same place, in another process. */
export const otherProcess = Layer.mergeAll(
  Layer.effect(ApiTokenRepository, Effect.map(OtherProcess, repositoryCalledBy)),
  Layer.effect(TokenUsageStore, Effect.map(OtherProcess, usageStoreCalledBy)),
  Layer.effect(TokenChanges, Effect.map(OtherProcess, changesCalledBy)),
).pipe(Layer.provide(OtherProcess.layer))
