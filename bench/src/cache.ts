/** Measures the cache: a hit, and how much a miss, an eviction and a change cost when the cache is large. */
import { randomBytes, randomUUID } from "node:crypto"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { MemoryRepository, TokenFormat } from "@tokenry/core"
import { ApiTokenRepository, type Digest, type OwnerId, type Scope, Secret, type TokenId } from "@tokenry/core/adapter"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { compare, type Comparison, timeOf } from "./compare.ts"
import { handWritten } from "./memory.ts"
import { requirement, scopes } from "./setting.ts"

const calls = 20_000
const rounds = 20
const [small, large] = [1_000, 100_000] as const

export const compareCache = async (): Promise<ReadonlyArray<Comparison>> => {
  const plaintexts = Array.from({ length: 2 * large }, aPlaintext)
  const [fewTokens, manyTokens] = [plaintexts.slice(0, small), plaintexts.slice(0, large)] as const
  const [few, many] = [await cacheOf(2 * small), await cacheOf(2 * large)] as const
  const [tight, roomy] = [await cacheOf(small), await cacheOf(large)] as const
  await verifyAll(roomy, plaintexts)
  const bytes = await bytesPerToken(() => verifyAll(many, manyTokens))
  await verifyAll(few, fewTokens)
  const byHand = handWritten(fewTokens)
  try {
    return [
      await compare("verify from the cache, beside hand-written code", "<= 1.4", rounds, {
        byHand: timeOf(
          calls,
          inTurn(fewTokens, (token) => byHand(token, "treasure:read")),
        ),
        ours: timeOf(
          calls,
          inTurn(fewTokens, (token) => few.verify(token, requirement)),
        ),
      }),
      await compare("verify from the cache, 100,000 tokens beside 1,000", "<= 1.6", rounds, {
        byHand: timeOf(
          calls,
          inTurn(fewTokens, (token) => few.verify(token, requirement)),
        ),
        ours: timeOf(
          calls,
          inTurn(manyTokens, (token) => many.verify(token, requirement)),
        ),
      }),
      await compare("a miss that evicts, 100,000 entries beside 1,000", "<= 1.5", rounds, {
        byHand: timeOf(
          calls,
          inTurn(plaintexts, (token) => tight.verify(token, requirement)),
        ),
        ours: timeOf(
          calls,
          inTurn(plaintexts, (token) => roomy.verify(token, requirement)),
        ),
      }),
      await compare("a change, 100,000 tokens cached beside 1,000", "<= 1.2", rounds, {
        byHand: timeOf(calls / 10, () => few.ownerChanged("somebody")),
        ours: timeOf(calls / 10, () => many.ownerChanged("somebody")),
      }),
      { name: "bytes of heap per cached token", ratio: bytes.heap, spread: [bytes.heap, bytes.heap], target: "<= 300" },
      {
        name: "bytes outside the heap per cached token",
        ratio: bytes.beside,
        spread: [bytes.beside, bytes.beside],
        target: "-",
      },
    ]
  } finally {
    for (const tokens of [few, many, tight, roomy]) await tokens.close()
  }
}

const format = TokenFormat.checksummed({ prefix: "tok" })

const aPlaintext = (): string => {
  for (;;) {
    const plaintext = format.make(randomBytes(64))
    if (plaintext !== undefined) return plaintext
  }
}

/** A store that knows every token and builds each one anew, as a database does. */
const omniscient = Layer.effect(
  ApiTokenRepository,
  Effect.map(ApiTokenRepository, (repository) => ({
    ...repository,
    findByDigest: ([digest]: ReadonlyArray<Digest>) =>
      Exit.succeed(digest === undefined ? Option.none() : Option.some(found(digest))),
  })),
).pipe(Layer.provide(MemoryRepository.layer))

const expiresAt = Date.now() + 90 * 24 * 60 * 60 * 1000

const found = (digest: Digest) => ({
  token: {
    id: asRead(randomUUID()) as TokenId,
    ownedBy: asRead(`user-${randomBytes(4).toString("hex")}`) as OwnerId,
    scopes: JSON.parse('["treasure:read"]') as ReadonlyArray<Scope>,
    expiresAt: Option.some(DateTime.makeUnsafe(expiresAt + digest.hex.charCodeAt(0))),
    revocation: Option.none(),
    ancestors: [],
  },
  secret: { digest, generation: 1, keyId: Option.none(), state: Secret.active },
})

/** A flat string, as a driver returns it, instead of a rope of the parts it was concatenated from. */
const asRead = (text: string): string => Buffer.from(text, "latin1").toString("latin1")

const cacheOf = (capacity: number) =>
  createApiTokens({
    repository: omniscient,
    catalogue: scopes,
    usage: false,
    cache: { maxStaleness: "1 hour", capacity },
  })

const verifyAll = async (tokens: Pick<PromiseApiTokens, "verify">, plaintexts: ReadonlyArray<string>) => {
  for (const plaintext of plaintexts) {
    const { accepted } = await tokens.verify(plaintext, requirement)
    if (!accepted) throw new Error("A token of this benchmark must be accepted")
  }
}

/** Cycles through the tokens, so that every entry is used and none stays in the processor's cache. */
const inTurn = <A>(plaintexts: ReadonlyArray<string>, call: (plaintext: string) => Promise<A>) => {
  let turn = 0
  return () => {
    turn = (turn + 7919) % plaintexts.length
    return call(plaintexts[turn] as string)
  }
}

/** The memory that 100,000 entries added: on JavaScript's heap, and in typed arrays outside it. */
const bytesPerToken = async (fill: () => Promise<void>) => {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  collect()
  const before = process.memoryUsage()
  await fill()
  collect()
  const after = process.memoryUsage()
  // The arrays are allocated up front, for twice as many entries: 64 bytes for each, and 16 for its slot.
  return { heap: (after.heapUsed - before.heapUsed) / large, beside: 64 + 16 }
}
