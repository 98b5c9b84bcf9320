import { inspect } from "node:util"
import { createHash } from "node:crypto"
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { afterAll, beforeAll, expect, it } from "vitest"
import { catalogue } from "./builders.ts"

let tokens: PromiseApiTokens
const request = { ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"], expiresIn: "90 days" }

beforeAll(async () => {
  tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
})
afterAll(() => tokens.close())

const all = async (ownedBy: string) => (await tokens.list({ ownedBy, limit: 100 })).items

it("the whole life of a token, with dates and plain objects", async () => {
  const { plaintext, token } = await tokens.issue({ ...request, ownedBy: "alice", issuedTo: "app" })
  expect(token).toMatchObject({
    ownedBy: "alice",
    scopes: ["treasure:edit"],
    revokedAt: null,
    revocationReason: null,
    issuedTo: "app",
    ancestors: [],
    secrets: [{ generation: 1, state: "active" }],
    history: [{ kind: "issued", actor: { kind: "system" }, origin: {}, detail: null }],
    revision: 1,
  })
  expect(token.expiresAt?.getTime()).toBe(token.createdAt.getTime() + 90 * 24 * 60 * 60 * 1000)
  const own = { id: token.id, ownedBy: "alice" }
  expect(await tokens.verify(plaintext, { scopes: ["treasure:read"] })).toEqual({
    accepted: true,
    caller: {
      tokenId: token.id,
      generation: 1,
      ownedBy: "alice",
      ancestors: [],
      scopes: ["treasure:edit", "treasure:read"],
      narrowedBy: [],
      expiresAt: token.expiresAt,
      boundTo: null,
    },
  })
  expect(await tokens.edit({ ...own, name: "laptop" })).toMatchObject({ name: "laptop", revision: 2 })
  expect(await tokens.edit({ ...own, scopes: ["treasure:read"] })).toMatchObject({ scopes: ["treasure:read"] })
  expect(await tokens.verify(plaintext, { scopes: ["treasure:edit"] })).toMatchObject({
    accepted: false,
    refusal: { _tag: "InsufficientScope", missing: [{ scope: "treasure:edit", on: "token" }] },
  })
  const sooner = new Date(token.createdAt.getTime() + 60_000)
  expect(await tokens.edit({ ...own, expiresAt: sooner })).toMatchObject({ expiresAt: sooner })
  expect(await tokens.edit({ ...own, name: "phone", scopes: [] })).toMatchObject({ name: "phone", scopes: [] })
  expect(await tokens.find(own)).toMatchObject({ name: "phone" })
  const by = { actor: { kind: "person", id: "alice" }, origin: { address: "192.0.2.1" } } as const
  expect(await tokens.revoke({ ...own, reason: "lost", by })).toMatchObject({ revocationReason: "lost" })
  expect(await tokens.revoke({ ...own, reason: "again" })).toMatchObject({ revocationReason: "lost" })
  expect(await tokens.verify(plaintext)).toEqual({
    accepted: false,
    refusal: { _tag: "Revoked", tokenId: token.id, on: "token" },
  })
  expect((await tokens.find(own)).history.map(({ kind }) => kind)).toEqual([
    "issued",
    "shortened",
    "renamed",
    "narrowed",
    "revoked",
  ])
  expect((await tokens.find(own)).history.at(-1)).toMatchObject({ ...by, detail: "lost" })
  await expect(tokens.edit({ ...own, name: "x" })).rejects.toMatchObject({ _tag: "TokenNotLive", state: "revoked" })
})

it("one call revokes all of an owner's tokens, and nobody else's", async () => {
  const { plaintext } = await tokens.issue({ ...request, ownedBy: "bob" })
  await tokens.issue({ ...request, ownedBy: "bob" })
  const others = await tokens.issue({ ...request, ownedBy: "bo" })
  expect(await tokens.revokeOwnedBy({ ownedBy: "bob" })).toBe(2)
  expect(await tokens.revokeOwnedBy({ ownedBy: "bob" })).toBe(0)
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: false })
  expect(await tokens.verify(others.plaintext)).toMatchObject({ accepted: true })
})

it("someone else's token isn't found, and doesn't change", async () => {
  const { token } = await tokens.issue({ ...request, ownedBy: "carol" })
  const theirs = { id: token.id, ownedBy: "mallory" }
  for (const attempt of [
    tokens.find(theirs),
    tokens.edit({ ...theirs, name: "mine" }),
    tokens.edit({ ...theirs, scopes: [] }),
    tokens.edit({ ...theirs, expiresIn: "1 day" }),
    tokens.edit(theirs),
    tokens.revoke(theirs),
  ]) {
    await expect(attempt).rejects.toMatchObject({ _tag: "TokenNotFound" })
  }
  expect(await tokens.find({ ...theirs, ownedBy: "carol" })).toEqual(token)
})

const nonsense = [
  undefined,
  null,
  5,
  "",
  " ",
  {},
  [],
  { length: 1 },
  true,
  Number.NaN,
  () => "user-1",
  "a\0b",
  "\ud800",
]

it.each([
  ["issue", { name: "x", scopes: [] }],
  ["find", { id: "x" }],
  ["list", {}],
  ["edit", { id: "x", name: "x" }],
  ["revoke", { id: "x" }],
  ["revokeOwnedBy", {}],
] as const)("%s takes nothing in place of an owner, and never means all", async (method, rest) => {
  const { plaintext } = await tokens.issue({ ...request, ownedBy: "dora" })
  const call = tokens[method] as (request: unknown) => Promise<unknown>
  for (const ownedBy of nonsense) {
    await expect(call({ ...rest, ownedBy }), inspect(ownedBy)).rejects.toMatchObject({ _tag: "InvalidInput" })
  }
  for (const whole of nonsense)
    await expect(call(whole), inspect(whole)).rejects.toMatchObject({ _tag: "InvalidInput" })
  await expect(call(rest)).rejects.toMatchObject({ _tag: "InvalidInput" })
  await expect(call({ ...rest, ownedBy: "dora", everything: true })).rejects.toMatchObject({ _tag: "InvalidInput" })
  expect(await tokens.verify(plaintext)).toMatchObject({ accepted: true })
})

it.each([
  [{}],
  [{ scopes: undefined }],
  [{ scopes: "treasure:read" }],
  [{ scope: ["treasure:read"] }],
  [null],
  [5],
  [{ scopes: [5] }],
])("a requirement %j is an error, and never no requirement", async (requirement) => {
  const { plaintext } = await tokens.issue({ ...request, ownedBy: "erin" })
  await expect(tokens.verify(plaintext, requirement as never)).rejects.toMatchObject({ _tag: "InvalidInput" })
})

it.each(["a\0b", "a\ud800b", "a".repeat(1001)])(
  "a user agent that not every store can keep is refused",
  async (userAgent) => {
    const by = { actor: { kind: "system" }, origin: { userAgent } } as const
    await expect(tokens.issue({ ...request, ownedBy: "ivan", by })).rejects.toMatchObject({
      issues: [{ path: ["by", "origin", "userAgent"] }],
    })
    expect(await all("ivan")).toEqual([])
  },
)

it("a token pasted in place of a name is refused, and not stored", async () => {
  const { plaintext, token } = await tokens.issue({ ...request, ownedBy: "judy" })
  for (const name of [plaintext, `my ${plaintext}`, `key:${plaintext}.`]) {
    const refused = { issues: [{ path: ["name"], message: "must not contain a token" }] }
    await expect(tokens.issue({ ...request, ownedBy: "judy", name })).rejects.toMatchObject(refused)
    await expect(tokens.edit({ id: token.id, ownedBy: "judy", name })).rejects.toMatchObject(refused)
  }
  expect(await all("judy")).toEqual([token])
})

it("any presented value is refused, and nothing is thrown", async () => {
  for (const presented of [...nonsense, Symbol("x"), 10n, "x".repeat(1_000_000)]) {
    expect(await tokens.verify(presented)).toMatchObject({ accepted: false, refusal: { _tag: "Malformed" } })
  }
})

it("every problem is reported at once, and nothing is issued", async () => {
  await expect(
    tokens.issue({ ownedBy: "frank", name: "", scopes: ["treasure:reed"], expiresAt: "2000-01-01T00:00:00Z" }),
  ).rejects.toMatchObject({
    _tag: "PolicyViolation",
    issues: [
      { path: ["name"], message: "must not be empty" },
      { path: ["scopes", "0"], message: "must be a declared scope; did you mean treasure:read?" },
      { path: ["expiresAt"], message: "must be in the future" },
    ],
  })
  await expect(
    tokens.issue({ ...request, ownedBy: "frank", expiresAt: null, expiresIn: undefined }),
  ).rejects.toMatchObject({
    _tag: "PolicyViolation",
  })
  expect(await all("frank")).toEqual([])
})

it("neither results nor errors contain a plaintext token or a digest, except in the one field for it", async () => {
  const { plaintext, token } = await tokens.issue({ ...request, ownedBy: "grace" })
  const own = { id: token.id, ownedBy: "grace" }
  const results: Array<unknown> = [
    token,
    await tokens.verify(plaintext),
    await tokens.verify(plaintext, { scopes: ["treasure:delete"] }),
    await tokens.find(own),
    await tokens.list({ ownedBy: "grace" }),
    await tokens.edit({ ...own, name: "new" }),
    await tokens.revoke(own),
    await tokens.verify(plaintext),
  ]
  for (const misplaced of [
    tokens.find({ id: plaintext, ownedBy: "grace" }),
    tokens.list({ ownedBy: "grace", cursor: plaintext }),
    tokens.issue({ ...request, ownedBy: "grace", scopes: [plaintext] }),
    tokens.issue({ ...request, ownedBy: "grace", expiresIn: plaintext }),
    tokens.verify(plaintext, { scopes: plaintext } as never),
    tokens.edit({ ...own, name: "x" }),
  ]) {
    results.push(await misplaced.catch((error: unknown) => error))
  }
  const digest = createHash("sha256").update(plaintext).digest("hex")
  for (const result of results) {
    const shown = [inspect(result, { depth: 20, showHidden: true }), JSON.stringify(result), String(result)].join()
    expect(shown).not.toContain(plaintext)
    expect(shown).not.toContain(digest)
  }
})

it("an outage of the owner directory rejects, and isn't a refusal", async () => {
  let isDown = false
  const own = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    owners: async () => {
      if (isDown) throw new Error("connection refused")
      return { active: true, scopes: "all" }
    },
  })
  const { plaintext } = await own.issue(request)
  isDown = true
  await expect(own.verify(plaintext)).rejects.toMatchObject({ _tag: "RepositoryUnavailable" })
  await expect(own.issue(request)).rejects.toMatchObject({ _tag: "RepositoryUnavailable" })
  isDown = false
  expect(await own.verify(plaintext)).toMatchObject({ accepted: true })
  await own.close()
})

it("an owner who is inactive, or lacks a scope, is issued nothing", async () => {
  const own = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    owners: (ownedBy) => (ownedBy === "gone" ? { active: false } : { active: true, scopes: ["treasure:edit"] }),
  })
  await expect(own.issue({ ...request, ownedBy: "gone" })).rejects.toMatchObject({ _tag: "InactiveOwner" })
  await expect(own.issue({ ...request, scopes: ["treasure:read", "treasure:delete"] })).rejects.toMatchObject({
    _tag: "ScopeNotHeld",
    scopes: ["treasure:delete"],
    on: "owner",
  })
  expect((await own.list({ ownedBy: "user-1" })).items).toEqual([])
  await own.close()
})

it("pages contain each token once, even if hundreds share an instant", async () => {
  await Promise.all(Array.from({ length: 250 }, () => tokens.issue({ ...request, ownedBy: "heidi" })))
  const seen: Array<string> = []
  let cursor: string | null | undefined
  do {
    const page = await tokens.list({ ownedBy: "heidi", limit: 33, cursor: cursor ?? undefined })
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  expect(seen).toHaveLength(250)
  expect(new Set(seen).size).toBe(250)
})

it("once closed, everything rejects, and closing again does nothing", async () => {
  const own = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const { plaintext } = await own.issue(request)
  await own.close()
  await own.close()
  await expect(own.verify(plaintext)).rejects.toThrow("closed")
  await expect(own.issue(request)).rejects.toThrow("closed")
})
