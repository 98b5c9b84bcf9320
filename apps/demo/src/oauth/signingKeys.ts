/** The keys that sign JWTs, from a file or made at the start. */
import { readFile } from "node:fs/promises"
import { SigningKeys } from "@tokenry/jwt"

type Jwk = Awaited<ReturnType<typeof SigningKeys.generate>>

/**
 * Of a file with a JWK set (RFC 7517), the first key signs, and all are published. Without a file, a new key that ends with
 * the process.
 *
 * @throws Error in one line, without key material.
 */
export const openSigningKeys = async (filename: string | undefined): Promise<SigningKeys> => {
  if (filename === undefined) return SigningKeys.make({ signing: await SigningKeys.generate() })
  const [signing, ...alsoPublish] = await keysIn(filename)
  if (signing === undefined) throw new Error(notASet)
  return SigningKeys.make({ signing, alsoPublish }).catch((error: Error) => {
    throw new Error(`SIGNING_KEYS_FILE is not usable: ${error.message}`)
  })
}

const keysIn = async (filename: string): Promise<ReadonlyArray<Jwk>> => {
  try {
    const { keys } = JSON.parse(await readFile(filename, "utf8")) as { readonly keys?: unknown }
    return Array.isArray(keys) ? keys : []
  } catch {
    // The parser's message may quote the file.
    return []
  }
}

const notASet = 'SIGNING_KEYS_FILE must name a readable JWK set: { "keys": [ … ] }, with the key that signs first'
