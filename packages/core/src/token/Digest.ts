/** The one-way hash of a plaintext token: what is stored and looked up. */
import { Equal, Hash } from "effect"

/**
 * A SHA-256 (or HMAC-SHA-256) value as 64 lower-case hex digits, wrapped so that neither printing, logging nor
 * JSON shows it. Only an adapter that stores or looks it up reads `hex`.
 */
export class Digest implements Equal.Equal {
  readonly #hex: string

  private constructor(hex: string) {
    this.#hex = hex
  }

  /**
   * Wraps a hash that was computed or read from a store.
   *
   * @throws Error if `hex` hasn't 64 characters; the message doesn't repeat it. That they are hex digits is trusted: this
   * is on the hot path, and what is none matches nothing.
   */
  static fromHex(hex: string): Digest {
    if (hex.length !== 64) throw new Error("A digest has 64 hex digits")
    return new Digest(hex)
  }

  /** The 64 hex digits. A digest can't be turned back into a token, yet it belongs in no log. */
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

  /** Node's `util.inspect` would show the getter, and on request what it gives. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "<digest>"
  }
}
