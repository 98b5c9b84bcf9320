import { expect, it } from "@effect/vitest"
import { MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
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
