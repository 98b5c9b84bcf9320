/** The real service over the store under test, with a clock and an owner directory that the law controls. */
import { ApiTokens, type OwnerAuthority, OwnerDirectory, ScopeCatalogue, TokenPolicy } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { policy } from "./LifecycleStep.ts"

export interface LifecycleService {
  readonly tokens: ApiTokens["Service"]
  /** Each owner's authority. Owners not listed are inactive. */
  readonly owners: Map<string, OwnerAuthority>
}

const catalogue = ScopeCatalogue.make({
  read: "See",
  edit: { description: "Change", implies: ["read"] },
  own: { description: "Change and give away", implies: ["edit"] },
  audit: { description: "See what was changed", implies: ["read"] },
  pay: "Pay",
})

/** The service, open until the scope closes. */
export const openService = <E>(layer: Layer.Layer<ApiTokenRepository, E>) =>
  Effect.gen(function* () {
    const owners = new Map<string, OwnerAuthority>()
    const directory = Layer.succeed(OwnerDirectory, {
      authorityOf: (ownedBy) => Exit.succeed(owners.get(ownedBy) ?? { active: false }),
    })
    const service = ApiTokens.layer({
      catalogue,
      policy: TokenPolicy.make({
        defaultLifetime: Duration.millis(policy.defaultLifetime),
        longestLifetime: Duration.millis(policy.longestLifetime),
        allowsNeverExpiring: true,
        defaultGrace: Duration.millis(policy.defaultGrace),
        longestGrace: Duration.millis(policy.longestGrace),
      }),
      usage: false,
    }).pipe(Layer.provide(Layer.mergeAll(layer, NodeCrypto.layer, directory)))
    const context = yield* Layer.build(service)
    return { tokens: Context.get(context, ApiTokens), owners } satisfies LifecycleService
  })

/**
 * Runs the effect with a clock that reads the value each time. Waiting still takes real time, so an adapter's retries
 * and deadlines work.
 */
export const atTimeOf =
  (time: { readonly now: number }) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (live) => {
      const clock: Clock.Clock = {
        currentTimeMillisUnsafe: () => time.now,
        currentTimeMillis: Effect.sync(() => time.now),
        currentTimeNanosUnsafe: () => BigInt(time.now) * 1_000_000n,
        currentTimeNanos: Effect.sync(() => BigInt(time.now) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => live.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: live.monotonicTimeNanos,
        sleep: (duration) => live.sleep(duration),
      }
      return Effect.provideService(effect, Clock.Clock, clock)
    })
