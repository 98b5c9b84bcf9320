/** Keys under which digests are stored, so that who steals the database alone can't even test a guess. */
import type { KeyId } from "./Secret.ts"

export interface KeyRingOptions {
  /**
   * Under an id of 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`, which is stored with each digest: 32 bytes or more
   * of a secure random source, as bytes or in hex digits.
   */
  readonly keys: Readonly<Record<string, Uint8Array | string>>
  /**
   * The key for new secrets, to which stored ones move as well. `null`: keys are accepted and not used for new secrets,
   * which is the first step of turning a ring on where several processes serve.
   */
  readonly active: string | null
}

/** The keys, which show themselves nowhere. */
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
   * @throws Error if there is no key, an id or a key is not as it has to be, or the active one is not among them. The
   * message holds no key.
   */
  static make({ keys, active }: KeyRingOptions): KeyRing {
    const entries = Object.entries(keys).map(([id, key]): [KeyId, Uint8Array] => {
      if (!/^[\w.-]{1,64}$/.test(id)) throw new Error("KeyRing: an id is 1 to 64 letters, digits, dots, _ or -")
      const bytes = typeof key === "string" ? bytesOf(key) : key.slice()
      if (bytes === undefined || bytes.length < 32) {
        throw new Error("KeyRing: a key is 32 bytes or more, as bytes or in hex digits")
      }
      return [id as KeyId, bytes]
    })
    const ring = new Map(entries)
    if (ring.size === 0) throw new Error("KeyRing: there is no key")
    if (active !== null && !ring.has(active as KeyId)) throw new Error("KeyRing: the active key is not among the keys")
    return new KeyRing(ring, active as KeyId | null)
  }

  has(id: KeyId): boolean {
    return this.#keys.has(id)
  }

  /** The bytes of each key, for hashing; the active one's first. */
  get keys(): ReadonlyArray<Uint8Array> {
    const isActive = (id: KeyId) => Number(id === this.active)
    return [...this.#keys].sort(([left], [right]) => isActive(right) - isActive(left)).map(([, key]) => key)
  }
}

const bytesOf = (hex: string): Uint8Array | undefined =>
  /^([0-9a-fA-F]{2})+$/.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16))
    : undefined
