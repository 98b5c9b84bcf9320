import { ApiTokenRepository, MemoryRepository } from "@tokenry/core"
import { repositoryContract } from "@tokenry/repository-contract"
import { Effect, Layer } from "effect"

repositoryContract("memory", MemoryRepository.layer)

/** Another way into the same store: the layer that both have in common is built once for each law. */
const another = () =>
  Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (repository) => ({ ...repository })),
  ).pipe(Layer.provide(MemoryRepository.layer))

repositoryContract("memory, by two ways into one store", another(), { alsoThrough: another(), runs: 30 })
