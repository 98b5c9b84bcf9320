/** A bounded hash table keyed by digest, compact enough for hundreds of thousands of entries. */
import type { Digest } from "../token/Digest.ts"

/** When something was read: the change log's version, the monotonic clock and the wall clock, both in milliseconds. */
export interface Moment {
  readonly version: number
  readonly elapsed: number
  readonly wall: number
}

/**
 * Each slot is one 64-byte cache line: the digest as eight words, the moment as three doubles, and the neighbours in
 * eviction order. A `Map` keyed by hex strings takes twice as much memory, and its iterators walk over deleted entries.
 */
const wordsPerSlot = 16
const doublesPerSlot = wordsPerSlot / 2
const at = { elapsed: 4, wall: 5, version: 6, older: 14, newer: 15 } as const
const none = -1

/**
 * The oldest entries are evicted first; replacing an entry makes it the newest. Every operation takes constant time.
 */
export class DigestTable<A> {
  readonly #capacity: number
  /** Open addressing: the slot's number plus one, or 0 if empty. At most half full, to keep probes short. */
  readonly #places: Int32Array
  readonly #mask: number
  /** Mixed into the hash, so an attacker can't choose tokens whose digests collide. */
  readonly #seed = Math.trunc(Math.random() * 2 ** 32)
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #values: Array<A> = []
  #oldest = none
  #newest = none

  /** Reserves 64 bytes per entry; the operating system only allocates memory once it is used. */
  constructor(capacity: number) {
    this.#capacity = capacity
    const places = 2 ** Math.ceil(Math.log2(capacity * 2))
    this.#places = new Int32Array(places)
    this.#mask = places - 1
    const buffer = new ArrayBuffer(capacity * wordsPerSlot * 4)
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
  }

  /** The slot with this digest, or -1. */
  find({ hex }: Digest): number {
    const first = wordOf(hex, 0)
    let place = this.#homeOf(first)
    for (;;) {
      const slot = (this.#places[place] as number) - 1
      if (slot === none || (this.#words[slot * wordsPerSlot] === first && this.#hasRest(slot, hex))) return slot
      place = (place + 1) & this.#mask
    }
  }

  /** The value in a slot that `find` returned. */
  valueAt(slot: number): A {
    return this.#values[slot] as A
  }

  versionAt(slot: number): number {
    return this.#doubles[slot * doublesPerSlot + at.version] as number
  }

  /** Whether the entry is younger than `staleness` by both clocks. A wall clock that went backwards proves nothing. */
  isFreshAt(slot: number, elapsed: number, wall: number, staleness: number): boolean {
    const start = slot * doublesPerSlot
    const age = wall - (this.#doubles[start + at.wall] as number)
    return age >= 0 && age < staleness && elapsed - (this.#doubles[start + at.elapsed] as number) < staleness
  }

  /** Adds or replaces an entry, making it the newest. Evicts the oldest if the table is full. */
  put(digest: Digest, value: A, { version, elapsed, wall }: Moment): void {
    let slot = this.find(digest)
    if (slot !== none) this.#unlink(slot)
    else slot = this.#claim(digest.hex)
    const start = slot * doublesPerSlot
    this.#doubles[start + at.elapsed] = elapsed
    this.#doubles[start + at.wall] = wall
    this.#doubles[start + at.version] = version
    this.#values[slot] = value
    this.#append(slot)
  }

  /** A slot for a new digest: an unused one, or the oldest entry's. */
  #claim(hex: string): number {
    let slot = this.#values.length
    if (slot === this.#capacity) {
      slot = this.#oldest
      this.#unlink(slot)
      this.#vacate(slot)
    }
    for (let index = 0; index < 8; index++) this.#words[slot * wordsPerSlot + index] = wordOf(hex, index)
    let place = this.#homeOf(this.#words[slot * wordsPerSlot] as number)
    while (this.#places[place] !== 0) place = (place + 1) & this.#mask
    this.#places[place] = slot + 1
    return slot
  }

  /** Empties a slot's place, and moves up the entries behind it that would otherwise become unreachable. */
  #vacate(slot: number): void {
    let hole = this.#homeOf(this.#words[slot * wordsPerSlot] as number)
    while (this.#places[hole] !== slot + 1) hole = (hole + 1) & this.#mask
    for (let place = (hole + 1) & this.#mask; this.#places[place] !== 0; place = (place + 1) & this.#mask) {
      const home = this.#homeOf(this.#words[((this.#places[place] as number) - 1) * wordsPerSlot] as number)
      if (((place - home) & this.#mask) < ((place - hole) & this.#mask)) continue
      this.#places[hole] = this.#places[place] as number
      hole = place
    }
    this.#places[hole] = 0
  }

  #append(slot: number): void {
    const start = slot * wordsPerSlot
    this.#words[start + at.older] = this.#newest
    this.#words[start + at.newer] = none
    if (this.#newest === none) this.#oldest = slot
    else this.#words[this.#newest * wordsPerSlot + at.newer] = slot
    this.#newest = slot
  }

  #unlink(slot: number): void {
    const older = this.#words[slot * wordsPerSlot + at.older] as number
    const newer = this.#words[slot * wordsPerSlot + at.newer] as number
    if (older === none) this.#oldest = newer
    else this.#words[older * wordsPerSlot + at.newer] = newer
    if (newer === none) this.#newest = older
    else this.#words[newer * wordsPerSlot + at.older] = older
  }

  #homeOf(word: number): number {
    const mixed = Math.imul(word ^ this.#seed, 0x9e3779b1)
    return (mixed ^ (mixed >>> 16)) & this.#mask
  }

  #hasRest(slot: number, hex: string): boolean {
    for (let index = 1; index < 8; index++) {
      if (this.#words[slot * wordsPerSlot + index] !== wordOf(hex, index)) return false
    }
    return true
  }
}

/** The 32 bits that eight hex digits of the digest encode. */
const wordOf = (hex: string, index: number): number => {
  let word = 0
  for (let at = index * 8, end = at + 8; at < end; at++) {
    const code = hex.charCodeAt(at)
    word = (word << 4) | ((code & 15) + (code >> 6) * 9)
  }
  return word
}
