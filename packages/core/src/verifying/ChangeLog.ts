/** What changed lately, to decide whether something read earlier is still true. */
import type { VerifiableToken } from "../token/ApiToken.ts"

/** Beyond so many changes within the period, the log stops naming them: everything read earlier counts as changed. */
const capacity = 10_000

/**
 * Numbers all changes. A reader notes the `version` before it reads; later `isCurrent` decides whether what it read has
 * changed since. So a change costs the same however much was read, and a read that was in flight during a change needs
 * no special treatment. Changes older than the period are forgotten: by then, what was read before them must be too.
 */
export class ChangeLog {
  readonly #period: number
  #version = 0
  /** What was read before this version has changed, whatever it is. */
  #floor = 0
  /** The version of the latest change of each token and owner, in this period and in the one before. */
  #recent = new Map<string, number>()
  #older = new Map<string, number>()
  #turnedAt = 0

  /** `period` in milliseconds: for how long something that was read may be used. */
  constructor(period: number) {
    this.#period = period
  }

  get version(): number {
    return this.#version
  }

  /** Notes that the token or the owner with this id changed, at `now` in milliseconds of a monotonic clock. */
  changed(id: string, now: number): void {
    if (now - this.#turnedAt >= this.#period) {
      this.#older = this.#recent
      this.#recent = new Map()
      this.#turnedAt = now
    }
    if (this.#recent.size >= capacity) return this.everythingChanged()
    this.#recent.set(id, ++this.#version)
  }

  everythingChanged(): void {
    this.#floor = ++this.#version
    this.#recent.clear()
    this.#older.clear()
  }

  /** Whether the token, its owner and all its ancestors are as they were at this version. */
  isCurrent(version: number, { id, ownedBy, ancestors }: VerifiableToken): boolean {
    if (version === this.#version) return true
    if (version < this.#floor || this.#hasChanged(id, version) || this.#hasChanged(ownedBy, version)) return false
    for (const ancestor of ancestors) if (this.#hasChanged(ancestor, version)) return false
    return true
  }

  #hasChanged(id: string, version: number): boolean {
    return (this.#recent.get(id) ?? this.#older.get(id) ?? 0) > version
  }
}
