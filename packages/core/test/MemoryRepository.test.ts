import { expect, it } from "@effect/vitest"
import { type ApiToken, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { anId, contentsOf, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { anApiToken } from "./builders.ts"

it.effect("tokens with equal scopes share one list, and others keep their own", () =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    const many = Array.from({ length: 1500 }, (_, index) => [`treasure:${index}`])
    const lists = [[], ["a b"], ["a", "b"], ["b", "a"], ...many, ["a", "b"], ["a", "b"]]
    const tokens = lists.map((list) => anApiToken({ scopes: scopes(...list) }))
    for (const token of tokens) yield* repository.insert(token)
    const found = yield* repository.findManyById(tokens.map(({ id }) => id))
    expect(found.map((token) => token.scopes)).toEqual(lists)
    expect(found.at(-1)?.scopes).toBe(found.at(-2)?.scopes)
  }).pipe(Effect.provide(MemoryRepository.layer)),
)

/** Empties a list as JavaScript could, unless it is frozen. */
const empty = (list: ReadonlyArray<unknown>) => {
  if (!Object.isFrozen(list)) (list as Array<unknown>).length = 0
}

it.effect("emptying a token's lists, before or after it is read, changes nothing in the store", () =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    const token = anApiToken({ scopes: scopes("treasure:read"), ancestors: [anId()] })
    const stored = Effect.map(repository.findById(token.id), Option.getOrThrow)
    const before = contentsOf(token)
    const listsOf = ({ scopes, ancestors, secrets, history }: ApiToken) => [scopes, ancestors, secrets, history]
    yield* repository.insert(token)
    listsOf(token).forEach(empty)
    listsOf(yield* stored).forEach(empty)
    expect(contentsOf(yield* stored)).toEqual(before)
  }).pipe(Effect.provide(MemoryRepository.layer)),
)
