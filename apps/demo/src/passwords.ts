/** Password hashing with scrypt (RFC 7914), slow on purpose, so a stolen database doesn't reveal passwords. */
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
 * All hashing queues here. A hash takes a CPU core about a quarter of a second and 32 MiB, so the queue leaves cores
 * and threads for other work, and turns away a flood of sign-in attempts.
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

/** A hash that no password matches. */
const nobodysHash = textOf(recommendedCost, randomBytes(16), randomBytes(keyLength))

/**
 * Whether the password matches the hash. Pass `undefined` for an account that doesn't exist: it takes as long and
 * returns false, so timing doesn't reveal which accounts exist. Rejects with `QueueFull`.
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
