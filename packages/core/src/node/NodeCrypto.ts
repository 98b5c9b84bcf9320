/** Random bytes, SHA-256 and HMAC from `node:crypto` (Node, Deno, Bun). */
import { createHmac, hash, randomFillSync } from "node:crypto"
import * as Layer from "effect/Layer"
import { Hasher } from "../ports/Hasher.ts"
import { SecureRandom } from "../ports/SecureRandom.ts"
import { Digest } from "../token/Digest.ts"

/**
 * Reads the system's CSPRNG 4 KiB at a time, since a call per token costs 60 times as much. Bytes are used once and
 * erased from the pool.
 */
const pooledRandom = (): SecureRandom["Service"] => {
  const pool = new Uint8Array(4096)
  let used = pool.length
  return {
    bytes: (count) => {
      if (count > pool.length) return randomFillSync(new Uint8Array(count))
      if (used + count > pool.length) {
        randomFillSync(pool)
        used = 0
      }
      const bytes = pool.slice(used, used + count)
      pool.fill(0, used, used + count)
      used += count
      return bytes
    },
  }
}

/** `SecureRandom` and `Hasher` for Node. */
export const NodeCrypto = {
  layer: Layer.merge(
    Layer.sync(SecureRandom, pooledRandom),
    Layer.succeed(Hasher, {
      sha256: (text) => Digest.fromHex(hash("sha256", text, "hex")),
      hmacSha256: (key, digest) => Digest.fromHex(createHmac("sha256", key).update(digest.hex, "hex").digest("hex")),
    }),
  ),
} as const
