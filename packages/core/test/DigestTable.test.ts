import { expect, it } from "@effect/vitest"
import { Digest } from "@tokenry/core/adapter"
import { hash } from "node:crypto"
import { DigestTable } from "../src/verifying/DigestTable.ts"

const digestOf = (index: number) => Digest.fromHex(hash("sha256", String(index), "hex"))

/** A random number generator that returns the same numbers in every run. */
const numbers = (seed: number) => {
  let state = seed
  return (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

it.each([1, 2, 7, 64, 100])("a table of %i answers like a list of that length", (capacity) => {
  const table = new DigestTable<number>(capacity)
  const next = numbers(capacity)
  let model: ReadonlyArray<readonly [key: number, value: number]> = []
  for (let step = 1; step <= 5000; step++) {
    const key = next(capacity * 3)
    if (next(2) === 0) {
      table.put(digestOf(key), step, { version: step, elapsed: step, wall: step })
      model = [...model.filter(([known]) => known !== key), [key, step] as const].slice(-capacity)
    }
    const slot = table.find(digestOf(key))
    const found = slot < 0 ? undefined : { value: table.valueAt(slot), version: table.versionAt(slot) }
    const value = model.find(([known]) => known === key)?.[1]
    expect(found).toEqual(value === undefined ? undefined : { value, version: value })
  }
  for (const [key, value] of model) expect(table.valueAt(table.find(digestOf(key)))).toBe(value)
})

it("an entry is fresh until it is too old by either clock, and never before it was read", () => {
  const table = new DigestTable<string>(1)
  table.put(digestOf(1), "entry", { version: 1, elapsed: 100, wall: 5000 })
  const slot = table.find(digestOf(1))
  expect(table.isFreshAt(slot, 109, 5009, 10)).toBe(true)
  expect(table.isFreshAt(slot, 110, 5000, 10)).toBe(false)
  expect(table.isFreshAt(slot, 100, 5010, 10)).toBe(false)
  expect(table.isFreshAt(slot, 100, 4999, 10)).toBe(false)
})

it("digests that differ in one digit are distinct", () => {
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
