/** Shows that no plaintext token or digest gets out, except in the one field for it. */
import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { expect, it } from "@effect/vitest"
import { ApiTokens, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, Digest } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { createApiTokens } from "@tokenry/core/promise"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { byAlice, catalogue } from "./builders.ts"
import { collected } from "./world.ts"

const world = ApiTokens.layer({ catalogue }).pipe(
  Layer.provide(NodeCrypto.layer),
  Layer.provideMerge(MemoryRepository.layer),
)

/** Everything that printing, logging or reporting could show of a value. */
const shown = (value: unknown): string =>
  [
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    value instanceof Error ? `${value.name}${value.message}${value.stack}${inspect(value.cause)}` : "",
  ].join("\n")

it.effect("neither results, nor exits, nor spans of any use case reveal a secret", () =>
  Effect.gen(function* () {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      },
    })
    const tokens = yield* ApiTokens
    const repository = yield* ApiTokenRepository
    const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"], by: byAlice }
    const { plaintext, token } = yield* tokens.issue(request).pipe(Effect.withTracer(tracer))
    const own = { id: token.id, ownedBy: "user-1" }
    const misplaced = { id: plaintext, ownedBy: "user-1" }
    const attempts: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
      tokens.verify(plaintext),
      tokens.verify(plaintext, { scopes: ["treasure:manage"] }),
      tokens.verify(`${plaintext}x`),
      tokens.verify(plaintext, { scopes: plaintext } as never),
      tokens.find(own),
      tokens.list({ ownedBy: "user-1" }),
      tokens.edit({ ...own, name: "laptop" }),
      tokens.edit({ ...own, scopes: ["treasure:read"] }),
      tokens.edit({ ...own, expiresIn: "1 day" }),
      tokens.edit({ ...own, name: "phone" }),
      repository.insert(token),
      repository.replace(token, 99),
      tokens.find(misplaced),
      tokens.edit({ ...misplaced, name: "x" }),
      tokens.revoke(misplaced),
      tokens.list({ ownedBy: "user-1", cursor: plaintext }),
      tokens.list({ ownedBy: "user-1", state: plaintext } as never),
      tokens.issue({ ...request, scopes: [plaintext] }),
      tokens.edit({ ...own, scopes: [plaintext] }),
      tokens.issue({ ...request, expiresIn: plaintext }),
      tokens.issue({ ...request, expiresAt: plaintext }),
      tokens.issue(plaintext as never),
      tokens.issue({ ...request, by: plaintext } as never),
      tokens.issue({ ...request, [plaintext]: true }),
      tokens.issue({ ...request, [Symbol(plaintext)]: true }),
      tokens.find({ ...own, [plaintext]: true }),
      tokens.revoke({ ...own, by: { ...byAlice, origin: { [plaintext]: "192.0.2.1" } } }),
      tokens.revoke({ ...own, by: { ...byAlice, actor: { kind: plaintext, id: "alice" } } } as never),
      tokens.revoke({ ...own, reason: `${plaintext}\n` }),
      tokens.endGrace({ ...own, by: byAlice }),
      tokens.usageOf([token]),
      tokens.rotate({ ...misplaced, graceFor: plaintext }),
      tokens.rotate({ ...own, expiresIn: plaintext }),
      tokens.find({ ...own, caller: plaintext } as never),
      tokens.list({ ownedBy: "user-1", caller: { tokenId: plaintext, generation: 1, ownedBy: "user-1" } }),
      tokens.revokeAllIssuedTo({ issuedTo: `${plaintext}\n` }),
      tokens.purge({ deadFor: plaintext }),
      tokens.revokeUnused({ unusedFor: plaintext }),
      tokens.expiringWithin({ within: plaintext }),
      tokens.revoke(own),
      tokens.verify(plaintext),
      tokens.revokeOwnedBy({ ownedBy: "user-1" }),
    ]
    const seen: Array<unknown> = [token]
    for (const attempt of attempts) {
      const exit = yield* Effect.exit(attempt).pipe(Effect.withTracer(tracer))
      seen.push(exit, Exit.isSuccess(exit) ? exit.value : exit.cause.reasons)
      if (Exit.isFailure(exit))
        for (const reason of exit.cause.reasons) seen.push("error" in reason ? reason.error : reason)
    }
    expect(spans.map(({ name }) => name)).toContain("ApiTokens.issue")
    for (const { name, attributes, events, links, status } of spans) {
      seen.push([name, [...attributes], events.map(([event, , details]) => [event, details]), links])
      if (status._tag === "Ended") seen.push(status.exit)
    }
    const digest = createHash("sha256").update(plaintext).digest("hex")
    expect(Option.isSome(yield* repository.findByDigest([Digest.fromHex(digest)]))).toBe(true)
    for (const value of seen) {
      expect(shown(value)).not.toContain(plaintext)
      expect(shown(value)).not.toContain(digest)
    }
  }).pipe(Effect.provide(world)),
)

/** Everything reachable from a value through own properties. */
const reachable = (value: unknown, found = new Set<unknown>()): ReadonlySet<unknown> => {
  if (found.has(value)) return found
  found.add(value)
  if (typeof value === "object" && value !== null) {
    for (const key of Reflect.ownKeys(value)) reachable(Reflect.get(value, key), found)
  }
  return found
}

const isPlain = (value: unknown): boolean =>
  typeof value === "object" && value !== null
    ? [Object.prototype, Array.prototype, Date.prototype].includes(Object.getPrototypeOf(value) as object) &&
      !("digest" in value)
    : value === null || ["string", "number", "boolean"].includes(typeof value)

it("the promise API only returns plain values: literals, dates, arrays and objects", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"], issuedTo: "app", by: byAlice }
  const { plaintext, token } = await tokens.issue(request)
  const own = { id: token.id, ownedBy: "user-1" }
  const results = [
    token,
    await tokens.verify(plaintext),
    await tokens.verify(plaintext, { scopes: ["treasure:delete"] }),
    await tokens.verify("x"),
    await tokens.find(own),
    await tokens.list({ ownedBy: "user-1", limit: 1 }),
    await tokens.edit({ ...own, name: "laptop" }),
    await tokens.edit({ ...own, scopes: ["treasure:read"] }),
    await tokens.edit({ ...own, expiresIn: "1 day" }),
    await tokens.edit({ ...own, name: "phone" }),
    (await tokens.rotate(own)).token,
    await tokens.endGrace(own),
    await tokens.usageOf([token]),
    await collected(tokens.expiringWithin({ within: "90 days" })),
    await tokens.revoke(own),
    await tokens.verify(plaintext),
  ]
  const strange = [...reachable(results)].filter((value) => !isPlain(value))
  expect(strange).toEqual([])
  await tokens.close()
})
