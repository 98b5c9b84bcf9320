/** The use cases over a memory repository, on a virtual clock. */
import { ApiTokens, type ApiTokensOptions, type IssueRequest, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, type TokenId, type TokenUsageStore } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { catalogue } from "./builders.ts"

type Stores = ApiTokenRepository | TokenUsageStore

/** `around` provides the optional services: an owner directory, an audit sink. */
export const world = (
  options: Partial<ApiTokensOptions> = {},
  around: Layer.Layer<never> = Layer.empty,
  stores: Layer.Layer<Stores> = MemoryRepository.layer,
) =>
  ApiTokens.layer({ catalogue, ...options }).pipe(Layer.provide([NodeCrypto.layer, around]), Layer.provideMerge(stores))

/** A new token of `user-1` that may read treasures, for 90 days. */
export const issue = (request: Partial<IssueRequest> = {}) =>
  ApiTokens.use((tokens) => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"], ...request }))

/** `accepted`, or the refusal. */
export const verdictOn = (plaintext: string, scopes: ReadonlyArray<string> = []) =>
  ApiTokens.use((tokens) =>
    Effect.match(tokens.verify(plaintext, { scopes }), {
      onSuccess: () => "accepted" as const,
      onFailure: (refusal) => refusal._tag,
    }),
  )

/** The caller with this plaintext, as verify returns it. */
export const callerWith = (plaintext: string) => ApiTokens.use((tokens) => tokens.verify(plaintext))

/** The token as stored. */
export const stored = (id: TokenId) =>
  ApiTokenRepository.use((repository) => Effect.map(repository.findById(id), Option.getOrThrow))

/** `done`, or the error. */
export const outcomeOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, { onSuccess: () => "done" as const, onFailure: ({ _tag }): E["_tag"] => _tag })

/** Lets background fibers do their work without time passing. */
export const settled = Effect.gen(function* () {
  for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
})

/** All elements, in order. */
export const collected = async <A>(values: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const value of values) all.push(value)
  return all
}
