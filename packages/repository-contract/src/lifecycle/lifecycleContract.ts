/** The law of the whole service, over any store: whatever happens to tokens, they are accepted as a model says. */
import { assert, describe, it } from "@effect/vitest"
import type { MissingKeys, RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { forAll } from "../steps.ts"
import { anOwner } from "../tokens.ts"
import { agree } from "./agreeing.ts"
import { LifecycleModel } from "./LifecycleModel.ts"
import { atTimeOf, type LifecycleService, openService } from "./LifecycleService.ts"
import { type LifecycleStep, lives } from "./LifecycleStep.ts"
import { begin, take } from "./taking.ts"

export interface LifecycleOptions {
  /** How many sequences, about: 500 unless given. Fewer for a slow store. */
  readonly sequences?: number
  /** How many steps one has on average: 25 unless given. In all there are `sequences` times as many, or a few more. */
  readonly steps?: number
}

export interface LifecycleContractOptions extends LifecycleOptions {
  /** How long it may take, in milliseconds; 300,000 unless given. */
  readonly timeout?: number
}

/** How often each thing was seen, by its name: what steps came to (`mint: ScopeNotHeld`), and what verifying did. */
export interface LifecycleTally {
  readonly steps: number
  readonly outcomes: ReadonlyMap<string, number>
  readonly verdicts: ReadonlyMap<string, number>
}

/**
 * Registers one Vitest test, which builds the core's `ApiTokens` over the repository, with a virtual clock and a directory
 * of owners of its own, and lets random sequences happen to one owner's tokens, of which there is one at first: issue,
 * mint, narrow, shorten, rotate, end the grace period, revoke, time, and what the owner may do. After each step every plaintext
 * that was ever handed out is verified, and accepted or refused as a model of plain data says; and nothing that was minted
 * may do what an ancestor or the owner may not.
 *
 *     import { lifecycleContract } from "@tokenry/repository-contract"
 *     lifecycleContract("postgres", PostgresRepository.layer({ url: "postgres://127.0.0.1/tokenry_test" }))
 *
 * The layer is built once. Each sequence has an owner of its own, whose tokens stay in the store. Some 500 calls of the
 * store for each sequence.
 */
export const lifecycleContract = <E>(
  name: string,
  layer: Layer.Layer<ApiTokenRepository, E>,
  { timeout = 300_000, ...options }: LifecycleContractOptions = {},
): void => {
  describe(`the life of tokens, kept by ${name}`, () => {
    it.live(
      "after any sequence of changes, every token is accepted exactly as long and as far as it should be",
      () => checkLifecycle(layer, options),
      timeout,
    )
  })
}

/**
 * The same as a value. Fails with what opening the store fails with; dies, with the smallest sequence that was found, if
 * the law is broken. No plaintext and no digest is in what it says.
 */
export const checkLifecycle = <E>(
  layer: Layer.Layer<ApiTokenRepository, E>,
  { sequences = 500, steps = 25 }: LifecycleOptions = {},
): Effect.Effect<LifecycleTally, E | MissingKeys | RepositoryUnavailable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const service = yield* openService(layer)
      const tally = { steps: 0, outcomes: new Map<string, number>(), verdicts: new Map<string, number>() }
      const arbitrary = lives(2 * steps)
      while (tally.steps < sequences * steps) {
        const runs = Math.ceil((sequences - tally.steps / steps) / 2)
        yield* forAll(arbitrary, { runs, size: 16 * steps }, (life) => liveThrough(service, life, tally))
      }
      assert.isAtLeast(tally.steps, sequences * steps)
      return tally
    }),
  )

interface Tallying extends LifecycleTally {
  steps: number
  readonly outcomes: Map<string, number>
  readonly verdicts: Map<string, number>
}

/** When a life begins: some years ago, so that a store which looked at the real clock would be found out. */
const start = Date.UTC(2020, 1, 28, 23, 59, 59, 998)

const liveThrough = (
  service: LifecycleService,
  life: ReadonlyArray<{ readonly step: LifecycleStep; readonly requiring: ReadonlyArray<string> }>,
  tally: Tallying,
): Effect.Effect<void> => {
  const ownedBy = anOwner()
  const model = new LifecycleModel(start)
  const owned = { service, ownedBy, model }
  service.owners.set(ownedBy, { active: true, scopes: "all" })
  const all = Effect.gen(function* () {
    yield* begin(owned)
    for (const { step, requiring } of life) {
      const outcome = yield* take(owned, step)
      count(tally.outcomes, `${Object.keys(step)[0]}: ${outcome}`)
      for (const verdict of yield* agree(owned, requiring)) count(tally.verdicts, verdict)
      tally.steps += 1
    }
  })
  return Effect.ensuring(
    atTimeOf(model)(all),
    Effect.sync(() => service.owners.delete(ownedBy)),
  )
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
