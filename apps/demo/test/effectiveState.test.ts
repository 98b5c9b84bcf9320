/** That API, list and page say of a token what a client with it meets. */
import { ApiToken } from "@tokenry/core"
import { Hasher, hintOf, makePlaintext, SecureRandom, unattributed } from "@tokenry/core/adapter"
import type { OwnerId, Scope, TokenId, TokenName } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { tokenFormat } from "../src/scopes.ts"
import { Client } from "./Client.ts"
import { demoOn } from "./demos.ts"
import { Browser } from "./pages/Browser.ts"

let demo: Demo
let ownedBy: string
let owner: Client
let admin: Client
let browser: Browser

beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
  ownedBy = (await demo.store.accounts.findByEmail("other@example.test"))?.id ?? ""
  owner = await Client.signedIn(demo.publicUrl, "other")
  admin = await Client.signedIn(demo.publicUrl, "admin")
  browser = await Browser.signedIn(demo.publicUrl, "other")
})
afterAll(() => demo.stop())

/** What the API says, and the texts of the card in the list and of the page. */
const shown = async (id: string) => {
  const { items } = (await owner.get("/api/tokens?limit=100")).body
  const inList = items.find((token: { id: string }) => token.id === id)
  const alone = (await owner.get(`/api/tokens/${id}`)).body
  expect([alone.effective, alone.undeclaredScopes]).toEqual([inList.effective, inList.undeclaredScopes])
  const { html } = await browser.get("/settings/tokens")
  const card = html.split('<li class="card">').find((part) => part.includes(`/settings/tokens/${id}"`)) ?? ""
  const cardText = card.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
  return { ...alone, card: cardText, page: (await browser.get(`/settings/tokens/${id}`)).text }
}

const isAccepted = async (plaintext: string) => (await owner.withToken(plaintext).get("/api/me")).status === 200

it("a live token is live, with its implied scopes", async () => {
  const { token, plaintext } = await owner.issue({ name: "fine", scopes: ["treasure:edit"] })
  const { effective, undeclaredScopes, hint, card, page } = await shown(token.id)
  expect(effective).toEqual({ state: "live", on: "token", scopes: ["treasure:edit", "treasure:read"], withheld: [] })
  expect(undeclaredScopes).toEqual([])
  expect(hint).toBe(`tcp_…${plaintext.slice(-4)}`)
  for (const text of [card, page]) {
    expect(text).toContain(hint)
    expect(text).not.toMatch(/Not accepted|withheld|no longer declared|permits nothing/)
  }
})

it("a token below a revoked one is not accepted, and says why", async () => {
  const parent = await owner.issue({ name: "parent", scopes: ["token:manage"] })
  const child = await owner.withToken(parent.plaintext).issue({ name: "child", scopes: [] })
  expect(await isAccepted(child.plaintext)).toBe(true)
  await owner.delete(`/api/tokens/${parent.token.id}`)
  expect(await isAccepted(child.plaintext)).toBe(false)
  const { effective, revokedAt, card, page } = await shown(child.token.id)
  expect([effective, revokedAt]).toEqual([{ state: "revoked", on: "ancestor", scopes: [], withheld: [] }, null])
  for (const text of [card, page]) expect(text).toContain("Not accepted: a token it was minted with is revoked")
  const own = await shown(parent.token.id)
  expect(own.effective).toMatchObject({ state: "revoked", on: "token" })
  expect(own.card).toMatch(/^.* Revoked /)
})

it("a scope that left the catalogue is marked, and a token with no other permits nothing", async () => {
  const id = "019470a0-0000-7000-b000-000000000001"
  await Effect.runPromise(
    Effect.gen(function* () {
      const plaintext = makePlaintext(tokenFormat, yield* SecureRandom)
      const token = ApiToken.issue(
        {
          id: id as TokenId,
          ownedBy: ownedBy as OwnerId,
          name: "of old" as TokenName,
          scopes: ["treasure:bury"] as ReadonlyArray<string> as ReadonlyArray<Scope>,
          expiresAt: Option.none(),
          issuedTo: Option.none(),
          ancestors: [],
          boundTo: Option.none(),
        },
        { digest: (yield* Hasher).sha256(plaintext), keyId: Option.none(), hint: hintOf(tokenFormat, plaintext) },
        yield* DateTime.now,
        unattributed,
      )
      yield* demo.store.tokenRepository.insert(token)
    }).pipe(Effect.provide(NodeCrypto.layer)),
  )
  const { effective, undeclaredScopes, scopes, card, page } = await shown(id)
  expect([scopes, undeclaredScopes]).toEqual([["treasure:bury"], ["treasure:bury"]])
  expect(effective).toEqual({ state: "live", on: "token", scopes: [], withheld: [] })
  for (const text of [card, page]) {
    expect(text).toContain("Live, permits nothing")
    expect(text).toContain("treasure:bury no longer declared, grants nothing")
    expect(text).toMatch(/None of them grants anything now/)
  }
})

it("scopes the account has lost are withheld, and a deactivated account's tokens aren't accepted", async () => {
  const { token, plaintext } = await owner.issue({ name: "rich", scopes: ["treasure:read", "treasure:delete"] })
  await admin.patch(`/api/users/${ownedBy}`, { scopes: ["treasure:read"] })
  const { effective, card, page } = await shown(token.id)
  expect(effective).toEqual({
    state: "live",
    on: "token",
    scopes: ["treasure:read"],
    withheld: [{ scope: "treasure:delete", on: "owner" }],
  })
  for (const text of [card, page])
    expect(text).toMatch(/treasure:delete .*withheld: the account doesn(?:'|&#39;)t have it/)
  await admin.patch(`/api/users/${ownedBy}`, { active: false })
  expect(await isAccepted(plaintext)).toBe(false)
  const { items } = (await admin.get(`/api/users/${ownedBy}/tokens?limit=100`)).body
  expect(items.find(({ id }: { id: string }) => id === token.id).effective).toEqual({
    state: "owner-inactive",
    on: "owner",
    scopes: [],
    withheld: [],
  })
  const seat = await Browser.signedIn(demo.publicUrl, "admin")
  expect((await seat.get(`/settings/accounts/${ownedBy}`)).text).toContain(
    "Not accepted: the account is deactivated or deleted",
  )
})
