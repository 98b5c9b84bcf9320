import { assert, it } from "@effect/vitest"
import { ApiTokens, type ApiTokensOptions, ScopeCatalogue } from "@tokenry/core"
import { NodeCrypto } from "@tokenry/core/node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { connection, otherProcess } from "./waysIn.ts"

const scopes = ScopeCatalogue.make({ "treasure:read": "See treasures" })

/** The use cases over the same file: here, and through another process. */
const twoServices = (options: Partial<ApiTokensOptions>) =>
  Effect.gen(function* () {
    const memoMap = Layer.makeMemoMapUnsafe()
    const open = (stores: ReturnType<typeof connection> | typeof otherProcess, options: Partial<ApiTokensOptions>) =>
      Effect.flatMap(Effect.scope, (scope) =>
        Effect.map(
          Layer.buildWithMemoMap(
            ApiTokens.layer({ catalogue: scopes, ...options }).pipe(Layer.provide([NodeCrypto.layer, stores])),
            memoMap,
            scope,
          ),
          Context.get(ApiTokens),
        ),
      )
    return { here: yield* open(connection(), options), there: yield* open(otherProcess, {}) }
  })

const isAccepted = (tokens: ApiTokens["Service"], plaintext: string) =>
  Effect.match(tokens.verify(plaintext), { onSuccess: () => true, onFailure: () => false })

it.live("with a cache, what another process revokes is refused here soon, however long maxStaleness is", () =>
  Effect.gen(function* () {
    const { here, there } = yield* twoServices({ cache: { maxStaleness: "1 hour" } })
    for (let round = 0; round < 20; round++) {
      const { plaintext, token } = yield* there.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
      for (let use = 0; use < 3; use++) assert.isTrue(yield* isAccepted(here, plaintext))
      yield* there.revoke({ id: token.id, ownedBy: "user-1" })
      while (yield* isAccepted(here, plaintext)) yield* Effect.sleep(1)
    }
  }),
)

it.live("without a cache, what another process revokes is refused here at once", () =>
  Effect.gen(function* () {
    const { here, there } = yield* twoServices({})
    for (let round = 0; round < 20; round++) {
      const { plaintext, token } = yield* there.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
      assert.isTrue(yield* isAccepted(here, plaintext))
      yield* there.revoke({ id: token.id, ownedBy: "user-1" })
      assert.isFalse(yield* isAccepted(here, plaintext))
    }
  }),
)
