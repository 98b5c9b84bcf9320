/** A law that every store keeps, as a value, and how to hold one to it. */
import { ApiTokenRepository, type TokenId } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export type Repository = ApiTokenRepository["Service"]

/** What a law is checked on: one store, and two ways in, each of which gives what the law is about. */
export interface StoreUnderTest<WayIn = Repository> {
  /** What the layer gives. */
  readonly here: WayIn
  /** The same store through another connection or process; the same as `here` if there is no other. */
  readonly there: WayIn
  /** How many generated cases a law by property tries. */
  readonly runs: number
  /** Damages a stored token, if the tests of the store know a way; laws about damage have one. */
  readonly damage?: Damage | undefined
}

/**
 * Writes a value into the record of a token, past the store, that no version of it writes: into one of the fields that
 * verifying needs (`expiresAt`, `scopes`), but not into those by which the token is found or sorted.
 */
export type Damage = (id: TokenId) => Effect.Effect<void, unknown>

/** The check fails or dies if the store breaks the law, and says how. No digest is in what it says. */
export interface Law<Name extends string = string, WayIn = Repository> {
  /** Stable: the law itself, as a sentence. */
  readonly name: Name
  readonly check: (store: StoreUnderTest<WayIn>) => Effect.Effect<void, unknown>
}

/** Makes laws about what a way in gives. */
export const lawAbout =
  <WayIn>() =>
  <const Name extends string, E>(
    name: Name,
    body: (store: StoreUnderTest<WayIn>) => Generator<Effect.Effect<unknown, E>, void, never>,
  ): Law<Name, WayIn> => ({ name, check: Effect.fnUntraced(body) })

/** Makes a law about a repository. */
export const law = lawAbout<Repository>()

export interface CheckOptions<Services = ApiTokenRepository> {
  /**
   * A second way into the same store: another connection, another process. It is built together with the first layer, so
   * that a layer which both are provided with (a temporary file, a new database) is built once, and is the same for both.
   * It must not be the same layer value as the first, or it would be the same connection.
   */
  readonly alsoThrough?: Layer.Layer<Services, unknown>
  /** How many generated cases a law by property tries; 100 unless given. */
  readonly runs?: number
  /** How to damage a stored token. With it, the store is held to the laws about damaged tokens as well. */
  readonly damage?: Damage
}

/** Checks laws on layers of these services, which the way in is made of. */
export const checkingThrough =
  <Services, WayIn>(wayInto: (services: Context.Context<Services>) => WayIn) =>
  (
    law: Law<string, WayIn>,
    layer: Layer.Layer<Services, unknown>,
    { alsoThrough = layer, runs = 100, damage }: CheckOptions<Services> = {},
  ): Effect.Effect<void, unknown> =>
    Effect.scopedWith((scope: Scope.Scope) =>
      Effect.gen(function* () {
        const memoMap = Layer.makeMemoMapUnsafe()
        const open = (layer: Layer.Layer<Services, unknown>) =>
          Effect.map(Layer.buildWithMemoMap(layer, memoMap, scope), wayInto)
        const here = yield* open(layer)
        const there = yield* open(alsoThrough)
        yield* law.check({ here, there, runs, damage })
      }),
    )

/**
 * Builds the layer anew, checks one law on it, and releases it. Fails with what the layer fails with, and fails or dies if
 * the law is broken.
 *
 *     const exit = yield* Effect.exit(checkLaw(lawNamed("a token that doesn't exist isn't found"), layer))
 */
export const checkLaw: (
  law: Law,
  layer: Layer.Layer<ApiTokenRepository, unknown>,
  options?: CheckOptions,
) => Effect.Effect<void, unknown> = checkingThrough(Context.get(ApiTokenRepository))

/** The law of this name among these. */
export const namedAmong =
  <Name extends string, WayIn>(laws: ReadonlyArray<Law<Name, WayIn>>) =>
  (name: Name): Law<Name, WayIn> => {
    const law = laws.find((law) => law.name === name)
    if (law === undefined) throw new TypeError("There is no law of this name")
    return law
  }
