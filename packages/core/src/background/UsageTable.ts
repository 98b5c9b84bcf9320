/** Uses gathered in memory: a row of numbers per secret. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

/** Where a row's numbers are. */
const numbersPerRow = 4
const at = { count: 0, lastUsedAt: 1, reuses: 2, lastReusedAt: 3 } as const
/** Where a row's links are: its secret's generation, the token's next row, its first entry in the table of scopes. */
const linksPerRow = 3
const to = { generation: 0, nextRow: 1, firstScope: 2 } as const

const none = -1
/** Earlier than any instant. */
const never = -Infinity

/**
 * Recording a use costs one lookup and a few increments. Numbers in typed arrays take a third of the memory of an object
 * and a `Map` per secret.
 */
export class UsageTable {
  readonly #capacity: number
  /** Each token's first row. A token's further secrets are linked from there. */
  readonly #firstRows = new Map<TokenId, number>()
  readonly #ids: Array<TokenId> = []
  #numbers = new Float64Array(0)
  #links = new Int32Array(0)
  readonly #scopeNames: Array<string> = []
  readonly #scopeNumbers = new Map<string, number>()
  /** When each row's scopes were last used: lists of entries, linked from the rows. */
  readonly #scopeTimes = new Growing()
  readonly #scopeLinks = new Growing()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many rows there are. */
  get size(): number {
    return this.#ids.length
  }

  /** Returns the secret's row, and adds a missing one; -1 if the table is full. */
  row(tokenId: TokenId, generation: number): number {
    const first = this.#firstRows.get(tokenId) ?? none
    let row = first
    while (row !== none && this.#link(row, to.generation) !== generation) row = this.#link(row, to.nextRow)
    return row === none ? this.#add(tokenId, generation, first) : row
  }

  /** Adds to the row's count, and notes the scopes. */
  use(row: number, count: number, scopes: ReadonlyArray<string>, now: number): void {
    const start = row * numbersPerRow
    this.#numbers[start + at.count] = (this.#numbers[start + at.count] as number) + count
    if (now > (this.#numbers[start + at.lastUsedAt] as number)) this.#numbers[start + at.lastUsedAt] = now
    for (const scope of scopes) this.#noteScope(row, scope, now)
  }

  /** The same for uses of a retired secret. */
  reuse(row: number, count: number, now: number): void {
    const start = row * numbersPerRow
    this.#numbers[start + at.reuses] = (this.#numbers[start + at.reuses] as number) + count
    if (now > (this.#numbers[start + at.lastReusedAt] as number)) this.#numbers[start + at.lastReusedAt] = now
  }

  /** The usage in these rows. */
  usages(from: number, to: number): ReadonlyArray<SecretUsage> {
    const usages: Array<SecretUsage> = []
    for (let row = from; row < Math.min(to, this.size); row++) usages.push(this.#usage(row))
    return usages
  }

  /** The usage of the token's secrets, in rows from this one on. */
  usagesOf(tokenId: TokenId, from: number): ReadonlyArray<SecretUsage> {
    const usages: Array<SecretUsage> = []
    for (let row = this.#firstRows.get(tokenId) ?? none; row !== none; row = this.#link(row, to.nextRow)) {
      if (row >= from) usages.push(this.#usage(row))
    }
    return usages
  }

  #add(tokenId: TokenId, generation: number, first: number): number {
    const row = this.size
    if (row === this.#capacity) return none
    if (this.#links.length === row * linksPerRow) this.#grow()
    this.#ids.push(tokenId)
    this.#numbers.set([0, never, 0, never], row * numbersPerRow)
    const next = first === none ? none : this.#link(first, to.nextRow)
    this.#links.set([generation, next, none], row * linksPerRow)
    if (first === none) this.#firstRows.set(tokenId, row)
    else this.#links[first * linksPerRow + to.nextRow] = row
    return row
  }

  #grow(): void {
    const rows = Math.min(this.#capacity, Math.max(64, this.size * 2))
    const [numbers, links] = [this.#numbers, this.#links]
    this.#numbers = new Float64Array(rows * numbersPerRow)
    this.#numbers.set(numbers)
    this.#links = new Int32Array(rows * linksPerRow)
    this.#links.set(links)
  }

  #link(row: number, which: number): number {
    return this.#links[row * linksPerRow + which] as number
  }

  #numberOf(scope: string): number {
    const known = this.#scopeNumbers.get(scope)
    if (known !== undefined) return known
    const number = this.#scopeNames.push(scope) - 1
    this.#scopeNumbers.set(scope, number)
    return number
  }

  #noteScope(row: number, scope: string, now: number): void {
    const first = this.#link(row, to.firstScope)
    for (let entry = first; entry !== none; entry = this.#scopeLinks.at(entry * 2 + 1)) {
      if (this.#scopeNames[this.#scopeLinks.at(entry * 2)] !== scope) continue
      if (now > this.#scopeTimes.at(entry)) this.#scopeTimes.set(entry, now)
      return
    }
    const entry = this.#scopeTimes.push(now)
    this.#scopeLinks.push(this.#numberOf(scope))
    this.#scopeLinks.push(first)
    this.#links[row * linksPerRow + to.firstScope] = entry
  }

  #usage(row: number): SecretUsage {
    const number = (which: number) => this.#numbers[row * numbersPerRow + which] as number
    const scopes = new Map<string, DateTime.Utc>()
    for (let entry = this.#link(row, to.firstScope); entry !== none; entry = this.#scopeLinks.at(entry * 2 + 1)) {
      const name = this.#scopeNames[this.#scopeLinks.at(entry * 2)] as string
      scopes.set(name, DateTime.makeUnsafe(this.#scopeTimes.at(entry)))
    }
    return {
      tokenId: this.#ids[row] as TokenId,
      generation: this.#link(row, to.generation),
      count: number(at.count),
      lastUsedAt: instantOf(number(at.lastUsedAt)),
      scopes,
      reuses: number(at.reuses),
      lastReusedAt: instantOf(number(at.lastReusedAt)),
    }
  }
}

/** A list of numbers that takes 8 bytes each. */
class Growing {
  #values = new Float64Array(64)
  #length = 0

  at(index: number): number {
    return this.#values[index] as number
  }

  set(index: number, value: number): void {
    this.#values[index] = value
  }

  /** Returns the index of the value. */
  push(value: number): number {
    if (this.#length === this.#values.length) {
      const values = this.#values
      this.#values = new Float64Array(this.#length * 2)
      this.#values.set(values)
    }
    this.#values[this.#length] = value
    return this.#length++
  }
}

const instantOf = (milliseconds: number): Option.Option<DateTime.Utc> =>
  milliseconds === never ? Option.none() : Option.some(DateTime.makeUnsafe(milliseconds))
