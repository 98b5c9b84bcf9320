/** What the store promises of idempotency keys. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openStore } from "../src/store/openStore.ts"
import type { IdempotencyKeys, Store } from "../src/store/Store.ts"
import { allStores } from "./demos.ts"

const now = new Date()
const dayLater = new Date(now.getTime() + 24 * 60 * 60 * 1000)
const twoDaysLater = new Date(dayLater.getTime() + 24 * 60 * 60 * 1000)

describe.each(allStores)("on %s", (_, location) => {
  let store: Store
  let keys: IdempotencyKeys
  beforeAll(async () => {
    store = await openStore(await location())
    keys = store.idempotencyKeys
  })
  afterAll(() => store.close())

  it("of many concurrent requests, one takes a key, whose fingerprint is kept", async () => {
    const takes = Array.from({ length: 16 }, (_, index) => keys.take("once", `print ${index}`, now, dayLater))
    const outcomes = await Promise.all(takes)
    const fingerprint = `print ${outcomes.indexOf(undefined)}`
    expect(outcomes.filter((held) => held !== undefined)).toEqual(
      Array.from({ length: 15 }, () => ({ fingerprint, tokenId: undefined })),
    )
    expect(await keys.take("another", "print", now, dayLater)).toBe(undefined)
  })

  it("a key leads to what its request made, and isn't released any more", async () => {
    await keys.take("settled", "print", now, dayLater)
    await keys.settle("settled", "token-1")
    await keys.release("settled")
    expect(await keys.take("settled", "other", now, dayLater)).toEqual({ fingerprint: "print", tokenId: "token-1" })
  })

  it("a key whose request made nothing can be used again", async () => {
    await keys.take("released", "print", now, dayLater)
    await keys.release("released")
    expect(await keys.take("released", "other", now, dayLater)).toBe(undefined)
  })

  it("an expired key can be used again, for a new request", async () => {
    const justBefore = new Date(dayLater.getTime() - 1)
    await keys.take("over", "print", now, dayLater)
    await keys.settle("over", "token-1")
    expect(await keys.take("over", "other", justBefore, twoDaysLater)).toMatchObject({ tokenId: "token-1" })
    expect(await keys.take("over", "other", dayLater, twoDaysLater)).toBe(undefined)
    expect(await keys.take("over", "third", dayLater, twoDaysLater)).toEqual({
      fingerprint: "other",
      tokenId: undefined,
    })
  })
})
