/** Passwords, hashed slowly (scrypt, RFC 7914), so that a stolen database does not give them away. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { availableParallelism } from "node:os"
import { boundedQueue } from "./boundedQueue.ts"

interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** One of the settings that OWASP's cheat sheet on password storage recommends: 32 MiB, three times over. */
const recommendedCost: Cost = { N: 2 ** 15, r: 8, p: 3 }
const keyLength = 32

/**
 * All hashing waits here. Each takes a processor for a quarter of a second or so and 32 MiB, so hashing leaves processors
 * and threads for everything else, and a flood of attempts to sign in is turned away.
 */
export const hashingQueue = boundedQueue({
  atOnce: Math.max(1, Math.min(2, availableParallelism() - 1)),
  waitingAtMost: 32,
})

/** A hash with its own salt and its parameters: `scrypt$32768$8$3$salt$key`, base64url. Rejects with `QueueFull`. */
export const hashPassword = async (password: string, cost: Cost = recommendedCost): Promise<string> => {
  const salt = randomBytes(16)
  return textOf(cost, salt, await derive(password, salt, cost))
}

const textOf = ({ N, r, p }: Cost, salt: Buffer, key: Buffer): string =>
  ["scrypt", N, r, p, salt.toString("base64url"), key.toString("base64url")].join("$")

/** No password's hash. */
const nobodysHash = textOf(recommendedCost, randomBytes(16), randomBytes(keyLength))

/**
 * Whether the password is the one that was hashed. `undefined` for an account that does not exist: it takes as long and
 * is false, so that the time does not tell which accounts there are. Rejects with `QueueFull`.
 */
export const isPassword = async (password: string, hash: string | undefined): Promise<boolean> => {
  const [, N, r, p, salt, key] = (hash ?? nobodysHash).split("$")
  const parameters = { N: Number(N), r: Number(r), p: Number(p) }
  const expected = Buffer.from(key ?? "", "base64url")
  const actual = await derive(password, Buffer.from(salt ?? "", "base64url"), parameters)
  return timingSafeEqual(actual, expected) && hash !== undefined
}

const derive = (password: string, salt: Buffer, cost: Cost): Promise<Buffer> =>
  hashingQueue.run(
    () =>
      new Promise((resolve, reject) => {
        const maxmem = 256 * cost.N * cost.r
        scrypt(password.normalize("NFKC"), salt, keyLength, { ...cost, maxmem }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        )
      }),
  )
