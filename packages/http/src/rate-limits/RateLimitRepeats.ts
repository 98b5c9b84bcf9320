/** Remembers which tokens were refused to which address a moment ago, without the tokens. */

export interface RateLimitRepeatsOptions {
  /** How many are remembered; when there are more, the oldest are forgotten. */
  readonly capacity?: number | undefined
  /** Milliseconds since any fixed instant. */
  readonly now?: (() => number) | undefined
}

/** In this process alone. An entry takes some 100 bytes. */
export interface RateLimitRepeats {
  /**
   * What an address and a token are remembered as: an HMAC-SHA-256 under a key that never leaves this process, so that
   * what is remembered can't be compared with what is stored. Costs some 50 µs.
   */
  readonly fingerprintOf: (address: string, token: string) => Promise<string>
  readonly has: (fingerprint: string) => boolean
  /** For a minute from now. */
  readonly remember: (fingerprint: string) => void
  readonly forget: (fingerprint: string) => void
}

const rememberedMilliseconds = 60_000

const make = ({ capacity = 10_000, now = () => performance.now() }: RateLimitRepeatsOptions = {}): RateLimitRepeats => {
  const ends = new Map<string, number>()
  let key: Promise<CryptoKey> | undefined
  return {
    fingerprintOf: async (address, token) => {
      key ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"])
      const signature = await crypto.subtle.sign("HMAC", await key, new TextEncoder().encode(`${address} ${token}`))
      return String.fromCharCode(...new Uint8Array(signature, 0, 16))
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

export const RateLimitRepeats = { make } as const
