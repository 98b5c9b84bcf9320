/** The one-way hash of a plaintext token: what is stored and looked up. */
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"

/**
 * A SHA-256 (or HMAC-SHA-256) value as 64 lower-case hex digits, wrapped so it never shows when printed, logged or
 * serialised to JSON. Only an adapter that stores it or looks it up reads `hex`.
 */
export class Digest implements Equal.Equal {
  readonly #hex: string

  private constructor(hex: string) {
    this.#hex = hex
  }

  /**
   * Wraps a hash that was computed or read from a store.
   *
   * @throws Error if `hex` doesn't have 64 characters; the message doesn't repeat it. The digits aren't checked,
   *   because this is on the hot path and an invalid digest matches nothing.
   */
  static fromHex(hex: string): Digest {
    if (hex.length !== 64) throw new Error("A digest has 64 hex digits")
    return new Digest(hex)
  }

  /** The 64 hex digits. A digest can't be turned back into a token, but still doesn't belong in a log. */
  get hex(): string {
    return this.#hex
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof Digest && that.#hex === this.#hex
  }

  [Hash.symbol](): number {
    return Hash.string(this.#hex)
  }

  toString(): string {
    return "<digest>"
  }

  toJSON(): string {
    return "<digest>"
  }

  /** Without this, Node's `util.inspect` shows the getter and, on request, its value. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "<digest>"
  }
}
