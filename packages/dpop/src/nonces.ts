/** Nonces that a server hands out for the next proof (RFC 9449 §8), without remembering any. */
import { createHmac, timingSafeEqual } from "node:crypto"

export interface Nonces {
  /** The newest one. */
  readonly at: (now: number) => string
  /** Whether it was the newest one within the last period, or is about to be, by the clock of another process. */
  readonly isCurrent: (nonce: string, now: number) => boolean
}

/** The MAC of the number of the current period, in milliseconds: the same in every process with this secret. */
export const makeNonces = (secret: Uint8Array, period: number): Nonces => {
  const nonceOf = (turn: number) => createHmac("sha256", secret).update(`DPoP nonce ${turn}`).digest("base64url")
  const turnAt = (now: number) => Math.floor(now / period)
  return {
    at: (now) => nonceOf(turnAt(now)),
    isCurrent: (nonce, now) =>
      [0, -1, 1].map((offset) => nonceOf(turnAt(now) + offset)).some((expected) => isSame(nonce, expected)),
  }
}

/** In constant time for texts of one length. */
export const isSame = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
