/** Keys that protect stored digests: a stolen database alone isn't enough to test a guess. */
import type { KeyId } from "./Secret.ts"

export interface KeyRingOptions {
  /**
   * Keys by id. An id has 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`, and is stored with each digest. A key has
   * 32 or more bytes from a secure random source, as bytes or hex digits.
   */
  readonly keys: Readonly<Record<string, Uint8Array | string>>
  /**
   * The key for new secrets; stored ones move to it as well. `null` accepts the keys without using them for new
   * secrets: the first step when several processes adopt a key ring.
   */
  readonly active: string | null
}

/** Holds the keys. Never printed or serialised. */
export class KeyRing {
  readonly #keys: ReadonlyMap<KeyId, Uint8Array>
  /** The key for new secrets. */
  readonly active: KeyId | null

  private constructor(keys: ReadonlyMap<KeyId, Uint8Array>, active: KeyId | null) {
    this.#keys = keys
    this.active = active
  }

  /**
   * A ring from its keys:
   *
   *     KeyRing.make({ keys: { "2026-11": process.env["TOKEN_KEY"] ?? "" }, active: "2026-11" })
   *
   * @throws Error if there are no keys, an id or key is invalid, or the active key is missing. The message contains no
   *   key.
   */
  static make({ keys, active }: KeyRingOptions): KeyRing {
    const entries = Object.entries(keys).map(([id, key]): [KeyId, Uint8Array] => {
      if (!/^[\w.-]{1,64}$/.test(id)) throw new Error("KeyRing: an id must be 1 to 64 letters, digits, dots, _ or -")
      const bytes = typeof key === "string" ? bytesOf(key) : key.slice()
      if (bytes === undefined || bytes.length < 32) {
        throw new Error("KeyRing: a key must have 32 bytes or more, given as bytes or hex digits")
      }
      return [id as KeyId, bytes]
    })
    const ring = new Map(entries)
    if (ring.size === 0) throw new Error("KeyRing: at least one key is required")
    if (active !== null && !ring.has(active as KeyId)) throw new Error("KeyRing: the active key is not among the keys")
    return new KeyRing(ring, active as KeyId | null)
  }

  has(id: KeyId): boolean {
    return this.#keys.has(id)
  }

  /** The bytes of each key, for hashing. The active key comes first. */
  get keys(): ReadonlyArray<Uint8Array> {
    const isActive = (id: KeyId) => Number(id === this.active)
    return [...this.#keys].sort(([left], [right]) => isActive(right) - isActive(left)).map(([, key]) => key)
  }
}

const bytesOf = (hex: string): Uint8Array | undefined =>
  /^([0-9a-fA-F]{2})+$/.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16))
    : undefined
