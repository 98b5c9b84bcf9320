/** Creates plaintext tokens from a format and a source of random bytes. */
import type { SecureRandom } from "../ports/SecureRandom.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"

/**
 * A new plaintext token. For code that bypasses the use cases (imports, fixtures); `issue` calls it for you.
 *
 * @throws Error if the bytes are rejected eight times in a row, so a source that isn't random can't cause a hang.
 */
export const makePlaintext = (format: TokenFormat, random: SecureRandom["Service"]): string => {
  for (let attempt = 0; attempt < 8; attempt++) {
    const plaintext = format.make(random.bytes(format.randomByteCount))
    if (plaintext !== undefined) return plaintext
  }
  throw new Error("The source of random bytes returns bytes that are not random")
}
