import { assert, describe, it } from "@effect/vitest"
import { changesContract, changesLawNamed, changesLaws, checkChangesLaw } from "@tokenry/repository-contract"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { changesFaults } from "./changesFaults.ts"
import { type FeedFault, memoryWithFeed } from "./memoryFeed.ts"

changesContract("memory with a feed", memoryWithFeed(), { alsoThrough: memoryWithFeed() })

/** What the check comes to, without waiting for a report that never comes. */
const outcomeOf = (breaks: (typeof changesLaws)[number]["name"], fault?: FeedFault) =>
  Effect.gen(function* () {
    const [here, there] = [memoryWithFeed(fault), memoryWithFeed(fault)]
    const check = checkChangesLaw(changesLawNamed(breaks), here, { alsoThrough: there, runs: 5 })
    const fiber = yield* Effect.forkChild(check)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(100)
    return yield* Fiber.await(fiber)
  })

describe("the changes contract can fail", () => {
  for (const { name, breaks, fault } of changesFaults) {
    it.effect(`${name} breaks the law “${breaks}”`, () =>
      Effect.gen(function* () {
        const exit = yield* outcomeOf(breaks, fault)
        assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /AssertionError/)
        assert.isTrue(Exit.isSuccess(yield* outcomeOf(breaks)))
      }),
    )
  }

  it("each of its laws is broken by a fault", () => {
    const broken = new Set(changesFaults.map(({ breaks }) => breaks))
    assert.deepStrictEqual(
      changesLaws.map(({ name }) => name).filter((name) => !broken.has(name)),
      [],
    )
  })
})

it("one layer value can't be both ways into a store", () => {
  const layer = memoryWithFeed()
  assert.throws(() => changesContract("x", layer, { alsoThrough: layer }), TypeError)
})
