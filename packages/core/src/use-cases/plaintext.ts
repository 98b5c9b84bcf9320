/** Makes plaintext tokens: a format and a source of random bytes together. */
import type { SecureRandom } from "../ports/SecureRandom.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"

/**
 * A new plaintext token. For those who write tokens past the use cases (imports, fixtures); `issue` calls it itself.
 *
 * @throws Error if the bytes are rejected eight times over, so that no loop hangs on a source that isn't random.
 */
export const makePlaintext = (format: TokenFormat, random: SecureRandom["Service"]): string => {
  for (let attempt = 0; attempt < 8; attempt++) {
    const plaintext = format.make(random.bytes(format.randomByteCount))
    if (plaintext !== undefined) return plaintext
  }
  throw new Error("The source of random bytes gives bytes that are not random")
}
