import { MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { repositoryContract, usageContract } from "@tokenry/repository-contract"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

repositoryContract("memory", MemoryRepository.layer)
usageContract("memory", MemoryRepository.layer)

/** Another way into the same store: the layer that both have in common is built once for each law. */
const another = () =>
  Layer.effectContext(
    Effect.gen(function* () {
      const repository = Context.make(ApiTokenRepository, { ...(yield* ApiTokenRepository) })
      return Context.add(repository, TokenUsageStore, { ...(yield* TokenUsageStore) })
    }),
  ).pipe(Layer.provide(MemoryRepository.layer))

repositoryContract("memory, by two ways into one store", another(), { alsoThrough: another(), runs: 30 })
usageContract("memory, by two ways into one store", another(), { alsoThrough: another(), runs: 30 })
