/** Common steps of laws. */
import { assert } from "@effect/vitest"
import { ApiToken } from "@tokenry/core"
import type { ListQuery, TokenId } from "@tokenry/core/adapter"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { contentsOf } from "./contents.ts"
import type { Repository } from "./Law.ts"
import { at } from "./tokens.ts"

export const insertAll = (repository: Repository, tokens: ReadonlyArray<ApiToken>) =>
  Effect.forEach(tokens, (token) => repository.insert(token), { concurrency: 8, discard: true })

/** The stored token. Dies if it doesn't exist. */
export const storedIn = (repository: Repository, id: TokenId) =>
  Effect.map(repository.findById(id), (found) => {
    const token = Option.getOrUndefined(found)
    assert.instanceOf(token, ApiToken, `the token ${id} is there, as an ApiToken`)
    return token
  })

/** Checks that each token is stored exactly like this, and that each of its secrets is found. */
export const areStored = (repository: Repository, tokens: ReadonlyArray<ApiToken>) =>
  Effect.forEach(
    tokens,
    (token) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(contentsOf(yield* storedIn(repository, token.id)), contentsOf(token))
        for (const { digest } of token.secrets) {
          const found = Option.getOrUndefined(yield* repository.findByDigest([digest]))
          assert.strictEqual(found?.token.id, token.id, "a secret leads to its token")
        }
      }),
    { concurrency: 8, discard: true },
  )

/** Checks that none of the tokens can be found, except by a digest another token has. */
export const areAbsent = (repository: Repository, tokens: ReadonlyArray<ApiToken>) =>
  Effect.forEach(
    tokens,
    (token) =>
      Effect.gen(function* () {
        assert.isTrue(Option.isNone(yield* repository.findById(token.id)), "it is not found by its id")
        assert.deepStrictEqual(yield* repository.findManyById([token.id]), [])
        const listed = yield* repository.listOwnedBy(everythingOf(token))
        assert.notInclude(idsOf(listed), token.id, "it is in no list")
        for (const { digest } of token.secrets) {
          const found = Option.getOrUndefined(yield* repository.findByDigest([digest]))
          assert.notStrictEqual(found?.token.id, token.id, "it is not found by a digest")
        }
      }),
    { concurrency: 8, discard: true },
  )

/** Queries the first page of the owner's tokens in any state. */
export const everythingOf = ({ ownedBy }: Pick<ListQuery, "ownedBy">): ListQuery => ({
  ownedBy,
  state: "any",
  now: at(0),
  after: Option.none(),
  limit: 1000,
})

export const idsOf = (tokens: ReadonlyArray<{ readonly id: TokenId }>) => tokens.map(({ id }) => id)

/** The tokens of the stream that the law itself created: the store may contain others. */
export const amongThese = <E>(stream: Stream.Stream<ApiToken, E>, tokens: ReadonlyArray<ApiToken>) => {
  const ids = new Set(idsOf(tokens))
  return Stream.runCollect(Stream.filter(stream, ({ id }) => ids.has(id)))
}

/** `done`, or the failure's tag. */
export const outcomeOf = <A, E extends { readonly _tag: string }>(
  effect: Effect.Effect<A, E>,
): Effect.Effect<"done" | E["_tag"]> =>
  Effect.match(effect, { onSuccess: () => "done" as const, onFailure: ({ _tag }): E["_tag"] => _tag })

/** How many calls compete in a race. */
export const contenders = 32

/** Starts all calls at once, and returns the outcomes in the order of the values. */
export const race = <A, B, E, R>(values: ReadonlyArray<A>, run: (value: A, index: number) => Effect.Effect<B, E, R>) =>
  Effect.forEach(values, run, { concurrency: "unbounded" })

/** Checks that the call fails or dies, or throws before returning an effect. */
export const isAnError = <A, E>(what: string, call: () => Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(Effect.suspend(call)), (exit) => {
    assert.isTrue(Exit.isFailure(exit), `${what} is an error`)
  })

/** The call's error. Dies if it succeeds. */
export const failureOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.result(effect), (result) => {
    assert.isTrue(Result.isFailure(result), "it fails")
    return Result.getOrThrow(Result.flip(result))
  })

/** Checks the property for generated values. Shrinks a counterexample, and dies with the smallest one. */
export const forAll = <A, E>(
  arbitrary: Arbitrary.Arbitrary<A>,
  options: { readonly runs: number; readonly size?: number },
  property: (value: A) => Effect.Effect<void, E>,
): Effect.Effect<void> =>
  Effect.flatMap(
    Arbitrary.checkEffect(arbitrary, (value) => falsifiable(Effect.suspend(() => property(value))), {
      maxShrinks: 400,
      ...options,
    }),
    (result) => {
      const failure = Arbitrary.formatCheckFailure(result)
      return failure === undefined ? Effect.void : Effect.die(new Error(failure))
    },
  )

/** Turns a defect (a failed assertion) into a failure, because only failures are shrunk. */
const falsifiable = <E>(property: Effect.Effect<void, E>): Effect.Effect<boolean, Cause.Cause<E>> =>
  Effect.catchCause(Effect.as(property, true), (cause): Effect.Effect<never, Cause.Cause<E>> =>
    Cause.hasInterrupts(cause) ? Effect.failCause(cause as Cause.Cause<never>) : Effect.fail(cause),
  )
