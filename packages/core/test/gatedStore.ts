/** A memory store that counts lookups and answers them only while its gate is open, for cache tests. */
import { type CacheOptions, RepositoryUnavailable } from "@tokenry/core"
import type { TokenChanges } from "@tokenry/core/adapter"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { memoryBut } from "./repositories.ts"
import { world } from "./world.ts"

export const gated = () => {
  let lookups = 0
  let isAway = false
  let gate: Deferred.Deferred<void> | undefined
  const stores = memoryBut((repository) => ({
    findByDigest: (candidates) => {
      lookups += 1
      const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })
      const answer = isAway ? Effect.fail(outage) : repository.findByDigest(candidates)
      return gate === undefined ? answer : Effect.tap(answer, () => Deferred.await(gate as Deferred.Deferred<void>))
    },
  }))
  return {
    stores,
    lookups: () => lookups,
    goAway: (away: boolean) => void (isAway = away),
    close: () => void (gate = Deferred.makeUnsafe()),
    open: Effect.suspend(() => {
      const opened = gate
      gate = undefined
      return opened === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(opened, undefined))
    }),
  }
}

/** The use cases over this store, with a cache of two seconds. `feed` reports changes, if given. */
export const cached = (
  store: ReturnType<typeof gated>,
  options: Partial<CacheOptions> = {},
  owners: Layer.Layer<never> = Layer.empty,
  feed?: Layer.Layer<TokenChanges>,
) =>
  world(
    { cache: { maxStaleness: "2 seconds", ...options } },
    feed === undefined ? owners : Layer.merge(owners, feed),
    store.stores,
  )
