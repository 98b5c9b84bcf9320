/** The keys that sign JWTs, from a file or generated at startup. */
import { readFile } from "node:fs/promises"
import { SigningKeys } from "@tokenry/jwt"

type Jwk = Awaited<ReturnType<typeof SigningKeys.generate>>

/**
 * Reads a JWK set (RFC 7517): its first key signs, and all are published. Without a file, generates a key that lasts as
 * long as the process.
 *
 * @throws Error with one line, without key material.
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
