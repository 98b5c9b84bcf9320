/** What verifying costs the store: no writes, except one per used secret now and then. */
import { assert } from "@effect/vitest"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Stores, serviceLaw, serviceOver } from "./ServiceLaw.ts"

const tokenCount = 100
const verifiesOfEach = 100

/** The stores, and a count of their writes. */
const counted = (stores: Context.Context<Stores>) => {
  const written = { tokens: 0, uses: 0 }
  const repository = Context.get(stores, ApiTokenRepository)
  const usage = Context.get(stores, TokenUsageStore)
  const counting =
    <Arguments extends ReadonlyArray<unknown>, A, E>(write: (...of: Arguments) => Effect.Effect<A, E>) =>
    (...of: Arguments) =>
      Effect.suspend(() => {
        written.tokens += 1
        return write(...of)
      })
  const services = Context.make(ApiTokenRepository, {
    ...repository,
    insert: counting(repository.insert),
    replace: counting(repository.replace),
    revokeOwnedBy: counting(repository.revokeOwnedBy),
    revokeIssuedTo: counting(repository.revokeIssuedTo),
    markDelivered: counting(repository.markDelivered),
    purge: counting(repository.purge),
  }).pipe(
    Context.add(TokenUsageStore, {
      ...usage,
      record: (usages, now) =>
        Effect.suspend(() => {
          written.uses += usages.length
          return usage.record(usages, now)
        }),
    }),
  )
  return { services, written }
}

export const usingLaws = [
  serviceLaw(
    "ten thousand verifies of a hundred tokens write nothing until the flush, then each secret once",
    function* ({ here }) {
      const { services, written } = counted(here)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const tokens = yield* serviceOver(services)
          const issued = yield* Effect.forEach(Array.from({ length: tokenCount }), (_, index) =>
            tokens.issue({ ownedBy: `user ${index}`, name: "used", scopes: ["treasure:read"] }),
          )
          written.tokens = 0
          yield* Effect.forEach(
            Array.from({ length: verifiesOfEach }),
            () => Effect.forEach(issued, ({ plaintext }) => tokens.verify(plaintext, { scopes: ["treasure:read"] })),
            { concurrency: 10 },
          )
          assert.strictEqual(written.tokens, 0, "nothing is written to the tokens")
          yield* tokens.flush
          assert.isAtMost(written.uses, tokenCount, "each secret is written once")
          const recorded = yield* Context.get(here, TokenUsageStore).usageOf(issued.map(({ token: { id } }) => id))
          assert.deepStrictEqual(
            recorded.map(({ count }) => count),
            issued.map(() => verifiesOfEach),
            "every use is counted",
          )
        }),
      )
    },
  ),
] as const
