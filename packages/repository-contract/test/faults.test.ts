import { assert, describe, it } from "@effect/vitest"
import { MemoryRepository } from "@tokenry/core"
import {
  checkLaw,
  checkUsageLaw,
  lawNamed,
  laws,
  repositoryContract,
  usageContract,
  usageLawNamed,
  usageLaws,
} from "@tokenry/repository-contract"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { argumentFaults } from "./argumentFaults.ts"
import { commonFaults } from "./faults.ts"
import { rarerFaults } from "./rarerFaults.ts"
import { keyFaults, lineageFaults, deliveringFaults } from "./deliveringFaults.ts"
import { usageFaults } from "./usageFaults.ts"

const faults = [...commonFaults, ...rarerFaults, ...argumentFaults, ...lineageFaults, ...keyFaults, ...deliveringFaults]

describe("the contract can fail", () => {
  for (const { name, breaks, layer } of faults) {
    it.live(`${name} breaks the law “${breaks}”`, () =>
      Effect.gen(function* () {
        const complaint = yield* complaintOf(checkLaw(lawNamed(breaks), layer))
        assert.match(complaint, /AssertionError|DuplicateToken|RevisionConflict/)
        assert.notMatch(complaint, /[0-9a-f]{64}/, "no digest is shown")
        assert.isUndefined(yield* Effect.orDie(checkLaw(lawNamed(breaks), MemoryRepository.layer)))
      }),
    )
  }
})

describe("the usage contract can fail", () => {
  for (const { name, breaks, layer } of usageFaults) {
    it.live(`${name} breaks the law “${breaks}”`, () =>
      Effect.gen(function* () {
        const complaint = yield* complaintOf(checkUsageLaw(usageLawNamed(breaks), layer))
        assert.match(complaint, /AssertionError/)
        assert.isUndefined(yield* Effect.orDie(checkUsageLaw(usageLawNamed(breaks), MemoryRepository.layer)))
      }),
    )
  }

  it("each of its laws is broken by a fault", () => {
    const broken = new Set(usageFaults.map(({ breaks }) => breaks))
    assert.deepStrictEqual(
      usageLaws.map(({ name }) => name).filter((name) => !broken.has(name)),
      [],
    )
  })
})

describe("the model finds faults too, and makes what shows them small", () => {
  const law = lawNamed("whatever is called, in whatever order, the store answers as a plain list of tokens would")
  const sequential = [
    ...commonFaults.filter(({ name }) => name !== "a lost update"),
    ...lineageFaults.filter(({ name }) => name === "a lineage without its own token"),
    ...deliveringFaults.filter(({ name }) => name === "a mark under any revision"),
  ]
  for (const { name, layer } of sequential) {
    it.live(name, () =>
      Effect.gen(function* () {
        const complaint = yield* complaintOf(checkLaw(law, layer, { runs: 500 }))
        assert.match(complaint, /Shrunk input/)
        assert.match(complaint, /Replay: /)
        assert.isAtMost(complaint.split('"there"').length - 1, 4, "four calls at most show it")
      }),
    )
  }
})

it("each law has a name of its own", () => {
  const names = [...laws, ...usageLaws].map(({ name }) => name)
  assert.strictEqual(new Set(names).size, names.length)
  assert.isAtLeast(names.length, 100)
})

it("one layer value can't be both ways into a store", () => {
  const { layer } = MemoryRepository
  assert.throws(() => repositoryContract("x", layer, { alsoThrough: layer }), TypeError)
  assert.throws(() => usageContract("x", layer, { alsoThrough: layer }), TypeError)
})

/** What a check that must fail says. */
const complaintOf = <A, E>(check: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(check), (exit) => {
    assert.isTrue(Exit.isFailure(exit), "the law is broken")
    return Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
  })
