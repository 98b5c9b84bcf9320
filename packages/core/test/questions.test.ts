import { expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens, TokenFormat } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { aSecret } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { anApiToken, at, catalogue, digestOf } from "./builders.ts"
import { Asked, counting } from "./repositories.ts"

const plaintext = TokenFormat.checksummed({ prefix: "tok" }).make(new Uint8Array(64).fill(1)) ?? ""
const digest = digestOf(plaintext)

it.effect.each<[string, ReadonlyArray<ApiToken>]>([
  ["unknown", []],
  ["retired", [anApiToken({ secrets: [aSecret({ digest, state: { _tag: "Retired", at: at(0) } })] })]],
  ["revoked", [anApiToken({ secrets: [aSecret({ digest })], revocation: Option.some({ at: at(0), reason: "lost" }) })]],
  ["expired", [anApiToken({ secrets: [aSecret({ digest })], expiresAt: Option.some(at(0)) })]],
])("of a token that is %s the store is asked once, and nothing else", ([, tokens]) =>
  Effect.gen(function* () {
    const repository = yield* ApiTokenRepository
    for (const token of tokens) yield* repository.insert(token)
    const service = yield* ApiTokens
    const asked = yield* Asked
    asked.length = 0
    yield* Effect.flip(service.verify(plaintext, { scopes: ["treasure:read"] }))
    expect(asked).toEqual(["findByDigest"])
  }).pipe(
    Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide(NodeCrypto.layer), Layer.provideMerge(counting))),
  ),
)
