/** Stateless nonces for a client's next proof (RFC 9449 §8). */
import { createHmac, timingSafeEqual } from "node:crypto"

export interface Nonces {
  /** The newest one. */
  readonly at: (now: number) => string
  /** Whether it is from this period or the last. The next one counts too: another process's clock may be ahead. */
  readonly isCurrent: (nonce: string, now: number) => boolean
}

/** A nonce is the MAC of the current period's number, the same in every process with this secret. In milliseconds. */
export const makeNonces = (secret: Uint8Array, period: number): Nonces => {
  const nonceOf = (turn: number) => createHmac("sha256", secret).update(`DPoP nonce ${turn}`).digest("base64url")
  const turnAt = (now: number) => Math.floor(now / period)
  return {
    at: (now) => nonceOf(turnAt(now)),
    isCurrent: (nonce, now) =>
      [0, -1, 1].map((offset) => nonceOf(turnAt(now) + offset)).some((expected) => isSame(nonce, expected)),
  }
}

/** Takes the same time for all strings of one length. */
export const isSame = (left: string, right: string): boolean => {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
