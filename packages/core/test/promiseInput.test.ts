/** Requests as JavaScript might send them by mistake: each rejects, and changes nothing. */
import { inspect } from "node:util"
import { MemoryRepository, RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { anId } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterAll, beforeAll, expect, it } from "vitest"
import { catalogue } from "./builders.ts"

let tokens: PromiseApiTokens
beforeAll(async () => {
  tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
})
afterAll(() => tokens.close())

const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"] }

type Method = "find" | "edit" | "revoke"
const complete: Record<Method, object> = {
  find: {},
  edit: { name: "laptop" },
  revoke: {},
}
const methods = Object.keys(complete) as ReadonlyArray<Method>

/** Calls the method without type checks. */
const call = (method: keyof PromiseApiTokens, asked: unknown): Promise<unknown> =>
  (tokens[method] as (asked: unknown) => Promise<unknown>)(asked)

it.each(methods)("%s refuses a missing id, and never treats it as all", async (method) => {
  const { token } = await tokens.issue(request)
  for (const id of [undefined, null, 5, {}, [], [token.id], true, Number.NaN, new String(token.id), { $ne: null }]) {
    const asked = { ...complete[method], ownedBy: "user-1", id }
    await expect(call(method, asked), inspect(id)).rejects.toMatchObject({
      _tag: "InvalidInput",
      issues: [{ path: ["id"] }],
    })
  }
  for (const id of ["", " ", "*", token.id.toUpperCase(), ` ${token.id}`, anId()]) {
    await expect(call(method, { ...complete[method], ownedBy: "user-1", id })).rejects.toMatchObject({
      _tag: "TokenNotFound",
    })
  }
  expect(await tokens.find({ id: token.id, ownedBy: "user-1" })).toEqual(token)
})

it.each<[method: keyof PromiseApiTokens, fields: object, path: string]>([
  ["edit", { name: null }, "name"],
  ["edit", { scopes: null }, "scopes"],
  ["edit", { scopes: "treasure:read" }, "scopes"],
  ["edit", { scopes: { length: 0 } }, "scopes"],
  ["edit", { scopes: [undefined] }, "scopes.0"],
  ["edit", { expiresAt: 0 }, "expiresAt"],
  ["edit", { expiresAt: "soon" }, "expiresAt"],
  ["edit", { expiresIn: null }, "expiresIn"],
  ["edit", { expiresIn: "1 day", expiresAt: new Date(8e12) }, "expiresIn"],
  ["edit", { ownedBy: "user-1", revision: 7 }, "revision"],
  ["revoke", { reason: "" }, "reason"],
  ["revoke", { reason: 5 }, "reason"],
  ["revoke", { reason: "x".repeat(256) }, "reason"],
  ["revoke", { by: "alice" }, "by"],
  ["revoke", { by: null }, "by"],
  ["find", { by: { actor: { kind: "system" }, origin: {} } }, "by"],
])("%s with %o changes nothing", async (method, fields, path) => {
  const { token } = await tokens.issue(request)
  const own = { id: token.id, ownedBy: "user-1" }
  await expect(call(method, { ...own, ...fields })).rejects.toMatchObject({
    _tag: "InvalidInput",
    issues: [{ path: path.split(".") }],
  })
  expect(await tokens.find(own)).toEqual(token)
})

it("an invalid requirement rejects whatever is presented, and holes in it permit nothing", async () => {
  const { plaintext } = await tokens.issue(request)
  const withHole: Array<string> = ["treasure:read"]
  withHole.length = 2
  await expect(tokens.verify(plaintext, { scopes: withHole })).rejects.toMatchObject({ _tag: "InvalidInput" })
  for (const presented of ["x", undefined, plaintext]) {
    for (const requirement of [{}, null, "treasure:read", ["treasure:read"], { scopes: new Set(["treasure:read"]) }]) {
      await expect(tokens.verify(presented, requirement as never)).rejects.toMatchObject({
        _tag: "InvalidInput",
        issues: [{ path: ["scopes"] }],
      })
    }
  }
})

it("a store that can't be opened rejects with its own error, after closing what was opened of it", async () => {
  let closings = 0
  const outage = new RepositoryUnavailable({ operation: "open", cause: new Error("connection refused") })
  const half = Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => void (closings += 1))))
  const failing = Layer.effectDiscard(Effect.fail(outage))
  const repository: Layer.Layer<ApiTokenRepository, RepositoryUnavailable> = MemoryRepository.layer.pipe(
    Layer.provideMerge(failing),
    Layer.provideMerge(half),
  )
  await expect(createApiTokens({ repository, catalogue })).rejects.toBe(outage)
  expect(closings).toBe(1)
})
