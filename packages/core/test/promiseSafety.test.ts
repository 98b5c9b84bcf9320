/** Mistakes JavaScript callers can make with the values they pass or receive. */
import { expect, it } from "vitest"
import { MemoryRepository, type OwnerAuthority, TokenFormat } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { byAlice, catalogue } from "./builders.ts"
import { collected } from "./world.ts"

const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] }

it("changing a result, or a request afterwards, changes nothing in the store", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const asked = { ...request, scopes: ["treasure:read", "treasure:delete"], by: structuredClone(byAlice) }
  const { plaintext, token } = await tokens.issue(asked)
  const own = { id: token.id, ownedBy: "user-1" }
  const before = structuredClone(await tokens.find(own))
  const accepted = await tokens.verify(plaintext)
  asked.scopes.push("treasure:manage")
  Object.assign(asked.by.actor, { id: "mallory" })
  for (const result of [token, await tokens.find(own), (await tokens.list({ ownedBy: "user-1" })).items[0]]) {
    Object.assign(result?.scopes ?? [], { 0: "treasure:manage" })
    Object.assign(result?.ancestors ?? [], { 0: own.id })
    Object.assign(result?.history[0]?.actor ?? {}, { id: "mallory" })
    Object.assign(result?.history[0]?.origin ?? {}, { address: "203.0.113.9" })
    result?.createdAt.setTime(0)
    result?.expiresAt?.setTime(8.64e15)
  }
  if (accepted.accepted) Object.assign(accepted.caller.scopes, { 2: "treasure:manage" })
  expect(await tokens.find(own)).toEqual(before)
  expect(await tokens.verify(plaintext)).toMatchObject({
    caller: { scopes: ["treasure:read", "treasure:delete"], expiresAt: before.expiresAt },
  })
  await tokens.close()
})

it.each<[what: string, authority: unknown]>([
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["nothing in an object", {}],
  ["active without scopes", { active: true }],
  ["a string for scopes", { active: true, scopes: "treasure:read" }],
  ["no scopes", { active: true, scopes: [] }],
  ["inactive", { active: false, scopes: "all" }],
])("an owners function that returns %s permits nothing", async (_, authority) => {
  let answer: unknown = { active: true, scopes: "all" }
  const tokens = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    owners: () => answer as OwnerAuthority,
  })
  const { plaintext } = await tokens.issue(request)
  answer = authority
  const verification = await tokens.verify(plaintext, { scopes: ["treasure:read"] }).catch((error: unknown) => error)
  expect(verification).not.toMatchObject({ accepted: true })
  await expect(tokens.issue(request)).rejects.toBeInstanceOf(Error)
  await tokens.close()
})

it("an owners function may return a value or a promise, and may throw or reject", async () => {
  const answers: Array<() => OwnerAuthority | Promise<OwnerAuthority>> = [
    () => ({ active: true, scopes: "all" }),
    () => ({ active: true, scopes: "all" }),
    async () => ({ active: true, scopes: ["treasure:edit"] }),
    () => {
      throw new Error("connection refused")
    },
    () => Promise.reject(new Error("connection refused")),
  ]
  const tokens = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    owners: () => answers.shift()?.() ?? { active: false },
  })
  const { plaintext } = await tokens.issue(request)
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: true })
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: true })
  const outage = { _tag: "RepositoryUnavailable", operation: "authorityOf" }
  await expect(tokens.verify(plaintext)).rejects.toMatchObject(outage)
  await expect(tokens.verify(plaintext)).rejects.toMatchObject(outage)
  expect(await tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "OwnerInactive" } })
  await tokens.close()
})

it("after close every method rejects, and says why", async () => {
  let closings = 0
  const repository = Layer.tap(MemoryRepository.layer, () =>
    Effect.addFinalizer(() => Effect.sync(() => void (closings += 1))),
  )
  const tokens = await createApiTokens({ repository, catalogue })
  const { plaintext, token } = await tokens.issue(request)
  await Promise.all([tokens.close(), tokens.close()])
  await tokens.close()
  expect(closings).toBe(1)
  const own = { id: token.id, ownedBy: "user-1" }
  const caller = { tokenId: token.id, generation: 1, ownedBy: "user-1", ancestors: [], scopes: [], expiresAt: null }
  const calls: Record<Exclude<keyof PromiseApiTokens, "close" | "catalogue">, () => Promise<unknown>> = {
    issue: () => tokens.issue(request),
    verify: () => tokens.verify(plaintext),
    inspect: () => tokens.inspect(plaintext),
    find: () => tokens.find(own),
    list: () => tokens.list({ ownedBy: "user-1" }),
    edit: () => tokens.edit(own),
    revoke: () => tokens.revoke(own),
    rotate: () => tokens.rotate(own),
    endGrace: () => tokens.endGrace(own),
    revokeOwnedBy: () => tokens.revokeOwnedBy({ ownedBy: "user-1" }),
    revokeIssuedTo: () => tokens.revokeIssuedTo({ ownedBy: "user-1", issuedTo: "app" }),
    revokeAllIssuedTo: () => tokens.revokeAllIssuedTo({ issuedTo: "app" }),
    usageOf: () => tokens.usageOf([token]),
    effectiveStatesOf: () => tokens.effectiveStatesOf([token]),
    purge: () => tokens.purge({ deadFor: "1 day" }),
    revokeUnused: () => tokens.revokeUnused({ unusedFor: "1 day" }),
    expiringWithin: () => collected(tokens.expiringWithin({ within: "1 day" })),
    authorize: async () => tokens.authorize(caller, []),
    ownerChanged: () => tokens.ownerChanged("user-1"),
    flush: () => tokens.flush(),
  }
  for (const call of Object.values(calls)) await expect(call()).rejects.toThrow("The token store is closed")
})

it("after a change of format the old tokens are accepted for as long as the old format is", async () => {
  const scope = Effect.runSync(Scope.make())
  const context = await Effect.runPromise(Layer.buildWithScope(MemoryRepository.layer, scope))
  const repository = Layer.succeed(ApiTokenRepository, Context.get(context, ApiTokenRepository))
  const hex = TokenFormat.hex({ prefix: "tcp" })
  const checksummed = TokenFormat.checksummed({ prefix: "tok" })
  const before = await createApiTokens({ repository, catalogue, format: hex })
  const { plaintext: old } = await before.issue(request)
  expect(old).toMatch(/^tcp_[0-9a-f]{64}$/)
  const after = await createApiTokens({ repository, catalogue, format: checksummed, alsoAccept: [hex] })
  const { plaintext } = await after.issue(request)
  expect(plaintext).toMatch(/^tok_\w{49}$/)
  for (const presented of [old, plaintext]) expect(await after.verify(presented)).toMatchObject({ accepted: true })
  const later = await createApiTokens({ repository, catalogue, format: checksummed })
  expect(await later.verify(old)).toMatchObject({ refusal: { _tag: "Malformed" } })
  await Effect.runPromise(Scope.close(scope, Exit.void))
})
