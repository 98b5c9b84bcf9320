/** Recent changes, to decide whether something read earlier is still current. */
import type { VerifiableToken } from "../token/ApiToken.ts"

/** Beyond this many changes in a period the log stops naming them, and everything read earlier counts as changed. */
const capacity = 10_000

/**
 * Numbers all changes. A reader notes the `version` before it reads; later `isCurrent` decides whether what it read has
 * changed since. A change costs the same however much was read, and a read in flight during a change needs no special
 * treatment. Changes older than the period are forgotten, so anything read before them must be discarded by then.
 */
export class ChangeLog {
  readonly #period: number
  #version = 0
  /** Everything read before this version counts as changed. */
  #floor = 0
  /** The version of each token's and owner's latest change, in this period and in the previous one. */
  #recent = new Map<string, number>()
  #older = new Map<string, number>()
  #turnedAt = 0

  /** `period`, in milliseconds, is the longest time something read may be used. */
  constructor(period: number) {
    this.#period = period
  }

  get version(): number {
    return this.#version
  }

  /** Records a change of the token or owner with this id at `now`, in milliseconds of a monotonic clock. */
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

  /** Whether the token, its owner and all its ancestors are unchanged since this version. */
  isCurrent(
    version: number,
    { id, ownedBy, ancestors }: Pick<VerifiableToken, "id" | "ownedBy" | "ancestors">,
  ): boolean {
    if (version === this.#version) return true
    if (version < this.#floor || this.#hasChanged(id, version) || this.#hasChanged(ownedBy, version)) return false
    for (const ancestor of ancestors) if (this.#hasChanged(ancestor, version)) return false
    return true
  }

  #hasChanged(id: string, version: number): boolean {
    return (this.#recent.get(id) ?? this.#older.get(id) ?? 0) > version
  }
}
