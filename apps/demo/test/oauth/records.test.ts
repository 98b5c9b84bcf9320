/** What the store promises of the authorization server's records. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { OAuthRecord, OAuthRecords } from "../../src/store/OAuthRecords.ts"
import { openStore } from "../../src/store/openStore.ts"
import type { Store } from "../../src/store/Store.ts"
import { allStores } from "../demos.ts"

const now = new Date()
const later = (hours: number) => new Date(now.getTime() + hours * 60 * 60 * 1000)

const aRecord = (key: string, fields: Partial<OAuthRecord> = {}): OAuthRecord => ({
  key,
  kind: "AuthorizationCode",
  payload: { key },
  grantId: undefined,
  accountId: undefined,
  clientId: undefined,
  uidHash: undefined,
  expiresAt: later(1),
  ...fields,
})

const aGrant = (id: string, accountId: string, clientId: string, expiresAt = later(1)) =>
  aRecord(`Grant:${id}`, { kind: "Grant", payload: { jti: id }, accountId, clientId, expiresAt })

describe.each(allStores)("on %s", (_, location) => {
  let store: Store
  let records: OAuthRecords
  beforeAll(async () => {
    store = await openStore(await location())
    records = store.oauthRecords
  })
  afterAll(() => store.close())

  it("a record is found as it was written, whatever an app has put into it", async () => {
    const payload = { "a.b": "\0", $set: { "": [null, "𝄞", "\u0001"] } }
    await records.put(aRecord("any", { payload, uidHash: "uid" }), now)
    expect(await records.find("any", now)).toEqual({ payload, consumedAt: undefined })
    expect(await records.findByUid("uid", now)).toEqual({ payload, consumedAt: undefined })
    expect(await records.find("none", now)).toBe(undefined)
    await records.put(aRecord("any", { payload: { other: true } }), now)
    expect(await records.find("any", now)).toEqual({ payload: { other: true }, consumedAt: undefined })
    await records.remove("any")
    expect(await records.find("any", now)).toBe(undefined)
  })

  it("of many concurrent uses, one consumes a record, which stays consumed", async () => {
    await records.put(aRecord("code"), now)
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => records.consume("code", now)))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await records.find("code", now)).toEqual({ payload: { key: "code" }, consumedAt: now })
    expect(await records.consume("code", now)).toBe(false)
    expect(await records.consume("none", now)).toBe(false)
  })

  it("an expired record is neither found nor consumed, and is deleted", async () => {
    await records.put(aRecord("brief", { uidHash: "brief" }), now)
    expect(await records.find("brief", later(0.5))).toBeDefined()
    expect(await records.find("brief", later(1))).toBe(undefined)
    expect(await records.findByUid("brief", later(1))).toBe(undefined)
    expect(await records.consume("brief", later(1))).toBe(false)
  })

  it("writing deletes expired records, unless the database does it by itself", async () => {
    if ((await location()).kind === "mongodb") return
    await records.put(aRecord("swept"), now)
    await records.put(aRecord("sweeping", { expiresAt: later(3) }), later(2))
    expect(await records.find("swept", now)).toBe(undefined)
    expect(await records.find("sweeping", later(2))).toBeDefined()
  })

  it("a grant's records of one kind are deleted together", async () => {
    await records.put(aRecord("of grant 1", { grantId: "1" }), now)
    await records.put(aRecord("also of grant 1", { grantId: "1" }), now)
    await records.put(aRecord("of another kind", { grantId: "1", kind: "RefreshToken" }), now)
    await records.put(aRecord("of grant 2", { grantId: "2" }), now)
    await records.removeOfGrant("AuthorizationCode", "1")
    const keys = ["of grant 1", "also of grant 1", "of another kind", "of grant 2"]
    const found = await Promise.all(keys.map((key) => records.find(key, now)))
    expect(found.map((record) => record !== undefined)).toEqual([false, false, true, true])
  })

  it("a record can be kept longer, but not shorter", async () => {
    await records.put(aRecord("client"), now)
    await records.keepUntil("client", later(5))
    await records.keepUntil("client", later(2))
    expect(await records.find("client", later(4))).toBeDefined()
    await records.keepUntil("none", later(5))
    expect(await records.find("none", now)).toBe(undefined)
  })

  it("live grants are listed by person, by app, and all apps that have one", async () => {
    await records.put(aGrant("g1", "ann", "https://a.example/app"), now)
    await records.put(aGrant("g2", "ann", "b"), now)
    await records.put(aGrant("g3", "bob", "b"), now)
    await records.put(aGrant("g4", "ann", "over", later(0.5)), now)
    const ids = async (of: { accountId?: string; clientId?: string }) =>
      (await records.grants(of, later(0.75))).map(({ id }) => id)
    expect(await ids({ accountId: "ann" })).toEqual(expect.arrayContaining(["g1", "g2"]))
    expect(await ids({ accountId: "ann" })).toHaveLength(2)
    expect(await ids({ clientId: "b" })).toHaveLength(2)
    expect(await ids({ accountId: "bob", clientId: "b" })).toEqual(["g3"])
    expect(await records.grantedClients(later(0.75))).toEqual(["b", "https://a.example/app"])
  })
})
