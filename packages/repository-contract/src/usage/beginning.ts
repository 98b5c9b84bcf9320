/** Laws for `begin`. In a reused store, recording already began at an instant from one of these laws. */
import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { race } from "../steps.ts"
import { at } from "../tokens.ts"
import { usageLaw } from "../UsageLaw.ts"

export const beginningLaws = [
  usageLaw(
    "the first beginning is kept, and every later one on any connection returns it",
    function* ({ here, there }) {
      const since = yield* here.usage.begin(aBeginning(500))
      isABeginning(since)
      for (const [wayIn, instant] of [
        [here, 600],
        [there, 400],
        [there, 999],
        [here, 0],
        [here, 500],
      ] as const) {
        assert.strictEqual(shown(yield* wayIn.usage.begin(aBeginning(instant))), shown(since))
      }
    },
  ),

  usageLaw("many that begin at once all get the same instant, one of theirs", function* ({ here, there }) {
    const instants = Array.from({ length: 32 }, (_, index) => aBeginning((index * 7) % 32))
    const begun = yield* race(instants, (instant, index) => (index % 2 ? there : here).usage.begin(instant))
    const [since = at(0)] = begun
    isABeginning(since)
    assert.deepStrictEqual([...new Set(begun.map(shown))], [shown(since)])
    assert.strictEqual(shown(yield* there.usage.begin(aBeginning(1))), shown(since))
  }),
]

/** One of a thousand instants that can be told from any other, and from what is left of them without milliseconds. */
const aBeginning = (index: number) => at(index * 1000 + 123)

const isABeginning = (instant: DateTime.Utc) => {
  const index = (instant.epochMilliseconds - aBeginning(0).epochMilliseconds) / 1000
  assert.isTrue(Number.isInteger(index) && index >= 0 && index < 1000, `${shown(instant)} is an instant that was given`)
}

const shown = (instant: DateTime.Utc) => DateTime.formatIso(instant)
