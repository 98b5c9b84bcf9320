/** Remembers which tokens were recently refused to which address, without storing the tokens. */

export interface RateLimitRepeatsOptions {
  /** How many to remember. Beyond that, the oldest are evicted. */
  readonly capacity?: number | undefined
  /** Milliseconds since any fixed instant. */
  readonly now?: (() => number) | undefined
}

/** Kept in this process only. An entry takes about 100 bytes. */
export interface RateLimitRepeats {
  /**
   * The key for an address and a token: an HMAC-SHA-256 under a key that never leaves this process, so entries can't be
   * matched with stored digests. Synchronous, about 5 µs: a thread pool may be busy with password hashing for seconds,
   * and refused tokens would queue behind it.
   */
  readonly fingerprintOf: (address: string, token: string) => string
  readonly has: (fingerprint: string) => boolean
  /** For one minute from now. */
  readonly remember: (fingerprint: string) => void
  readonly forget: (fingerprint: string) => void
}

const rememberedMilliseconds = 60_000

const make = ({ capacity = 10_000, now = () => performance.now() }: RateLimitRepeatsOptions = {}): RateLimitRepeats => {
  const ends = new Map<string, number>()
  // Created on first use: some runtimes provide no random bytes while modules load.
  let key: Uint8Array | undefined
  return {
    fingerprintOf: (address, token) => {
      key ??= crypto.getRandomValues(new Uint8Array(32))
      return nodeCrypto().createHmac("sha256", key).update(`${address} ${token}`).digest("base64url").slice(0, 22)
    },
    has: (fingerprint) => {
      const end = ends.get(fingerprint)
      if (end !== undefined && end > now()) return true
      ends.delete(fingerprint)
      return false
    },
    remember: (fingerprint) => {
      ends.delete(fingerprint)
      ends.set(fingerprint, now() + rememberedMilliseconds)
      const [oldest] = ends.keys()
      if (ends.size > capacity && oldest !== undefined) ends.delete(oldest)
    },
    forget: (fingerprint) => void ends.delete(fingerprint),
  }
}

/** Loaded on first use, so that importing this package imports nothing of Node's. Deno and Bun have it too. */
const nodeCrypto = () => process.getBuiltinModule("node:crypto")

export const RateLimitRepeats = { make } as const
