/** A law that every repository keeps, as a value, and how to hold one to it. */
import { ApiTokenRepository } from "@tokenry/core"
import { Context, Effect, Layer, type Scope } from "effect"

export type Repository = ApiTokenRepository["Service"]

/** What a law is checked on: one store, and two ways in. */
export interface StoreUnderTest {
  /** The repository that the layer gives. */
  readonly here: Repository
  /** The same store through another connection or process; the same as `here` if there is no other. */
  readonly there: Repository
  /** How many generated cases a law by property tries. */
  readonly runs: number
}

/** The check fails or dies if the store breaks the law, and says how. No digest is in what it says. */
export interface Law<Name extends string = string> {
  /** Stable: the law itself, as a sentence. */
  readonly name: Name
  readonly check: (store: StoreUnderTest) => Effect.Effect<void, unknown>
}

export const law = <const Name extends string, E>(
  name: Name,
  body: (store: StoreUnderTest) => Generator<Effect.Effect<unknown, E>, void, never>,
): Law<Name> => ({ name, check: Effect.fnUntraced(body) })

export interface CheckOptions {
  /**
   * A second way into the same store: another connection, another process. It is built together with the first layer, so
   * that a layer which both are provided with (a temporary file, a new database) is built once, and is the same for both.
   * It must not be the same layer value as the first, or it would be the same connection.
   */
  readonly alsoThrough?: Layer.Layer<ApiTokenRepository, unknown>
  /** How many generated cases a law by property tries; 100 unless given. */
  readonly runs?: number
}

/**
 * Builds the layer anew, checks one law on it, and releases it. Fails with what the layer fails with, and fails or dies if
 * the law is broken.
 *
 *     const exit = yield* Effect.exit(checkLaw(lawNamed("a token that is not there is not found"), layer))
 */
export const checkLaw = (
  law: Law,
  layer: Layer.Layer<ApiTokenRepository, unknown>,
  { alsoThrough = layer, runs = 100 }: CheckOptions = {},
): Effect.Effect<void, unknown> =>
  Effect.scopedWith((scope: Scope.Scope) =>
    Effect.gen(function* () {
      const memoMap = Layer.makeMemoMapUnsafe()
      const open = (layer: Layer.Layer<ApiTokenRepository, unknown>) =>
        Effect.map(Layer.buildWithMemoMap(layer, memoMap, scope), Context.get(ApiTokenRepository))
      const here = yield* open(layer)
      const there = yield* open(alsoThrough)
      yield* law.check({ here, there, runs })
    }),
  )
