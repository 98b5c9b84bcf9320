import { expect, it } from "@effect/vitest"
import { Digest } from "@tokenry/core"
import { hash } from "node:crypto"
import { DigestTable } from "../src/verifying/DigestTable.ts"

const digestOf = (index: number) => Digest.fromHex(hash("sha256", String(index), "hex"))

/** A generator of numbers below a limit that gives the same ones in every run. */
const numbers = (seed: number) => {
  let state = seed
  return (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

it.each([1, 2, 7, 64, 100])("a table of %i answers as a list of that length would", (capacity) => {
  const table = new DigestTable<number>(capacity)
  const next = numbers(capacity)
  let model: ReadonlyArray<readonly [key: number, value: number]> = []
  for (let step = 0; step < 5000; step++) {
    const key = next(capacity * 3)
    if (next(2) === 0) {
      const moment = { version: step, elapsed: step, wall: step }
      table.put(digestOf(key), step, moment)
      model = [...model.filter(([known]) => known !== key), [key, step] as const].slice(-capacity)
    }
    const expected = model.find(([known]) => known === key)?.[1]
    const slot = table.find(digestOf(key))
    expect(slot < 0 ? undefined : table.valueAt(slot)).toBe(expected)
    if (expected !== undefined) {
      expect(table.versionAt(slot)).toBe(expected)
      expect(table.isFreshAt(slot, expected + 9, expected + 9, 10)).toBe(true)
      expect(table.isFreshAt(slot, expected + 10, expected, 10)).toBe(false)
      expect(table.isFreshAt(slot, expected, expected + 10, 10)).toBe(false)
      expect(table.isFreshAt(slot, expected, expected - 1, 10)).toBe(false)
    }
  }
  expect(model.every(([key, value]) => table.valueAt(table.find(digestOf(key))) === value)).toBe(true)
})

it("digests that differ in one digit are told apart", () => {
  const table = new DigestTable<string>(4)
  const moment = { version: 1, elapsed: 0, wall: 0 }
  const { hex } = digestOf(1)
  table.put(Digest.fromHex(hex), "this one", moment)
  for (let digit = 0; digit < 64; digit++) {
    const other = hex.slice(0, digit) + (hex[digit] === "f" ? "e" : "f") + hex.slice(digit + 1)
    expect(table.find(Digest.fromHex(other))).toBe(-1)
  }
  expect(table.valueAt(table.find(Digest.fromHex(hex)))).toBe("this one")
})
