/** Passwords, hashed slowly (scrypt, RFC 7914), so that a stolen database does not give them away. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"

/** One of the settings that OWASP's cheat sheet on password storage recommends: 32 MiB, three times over. */
const cost = { N: 2 ** 15, r: 8, p: 3 } as const
const keyLength = 32

/** A hash with its own salt and its parameters: `scrypt$32768$8$3$salt$key`, base64url. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(16)
  const key = await derive(password, salt, cost)
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), key.toString("base64url")].join("$")
}

/**
 * Whether the password is the one that was hashed. `undefined` for an account that does not exist: it takes as long and
 * is false, so that the time does not tell which accounts there are.
 */
export const isPassword = async (password: string, hash: string | undefined): Promise<boolean> => {
  const [, N, r, p, salt, key] = (hash ?? (await nobodys())).split("$")
  const parameters = { N: Number(N), r: Number(r), p: Number(p) }
  const expected = Buffer.from(key ?? "", "base64url")
  const actual = await derive(password, Buffer.from(salt ?? "", "base64url"), parameters)
  return timingSafeEqual(actual, expected) && hash !== undefined
}

const derive = (password: string, salt: Buffer, parameters: { N: number; r: number; p: number }): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const maxmem = 256 * parameters.N * parameters.r
    scrypt(password.normalize("NFKC"), salt, keyLength, { ...parameters, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })

let nobodysHash: Promise<string> | undefined
const nobodys = () => (nobodysHash ??= hashPassword(randomBytes(16).toString("base64url")))
