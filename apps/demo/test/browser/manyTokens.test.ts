import { expect, it, onTestFinished } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { queriesOf } from "./countQueries.ts"
import { newcomersOn } from "./newcomers.ts"
import { accountId, tokensOf } from "./ownersTokens.ts"

/** Counts queries only; the stores' tests check the plan of each. */
it("the list and a token's page cost an owner of 1,000 tokens as many queries and bytes as one of 50", async () => {
  const demo = await newcomersOn({ kind: "memory" })
  onTestFinished(() => demo.stop())
  await addTokens(demo, "bob", 50)
  await addTokens(demo, "ann", 1000)
  for (const pathOf of [() => "/settings/tokens", (id: string) => `/settings/tokens/${id}`]) {
    const [few, many] = [await costOf(demo, "bob", pathOf), await costOf(demo, "ann", pathOf)]
    expect(few).toMatchObject({ queries: { "sessions.get": 1, "tokenUsage.usageOf": 1 }, bytes: expect.any(Number) })
    expect(many.queries).toEqual(few.queries)
    expect(Math.abs(many.bytes - few.bytes)).toBeLessThan(few.bytes / 100)
  }
})

const addTokens = async (demo: Demo, account: string, count: number): Promise<void> => {
  const ownedBy = await accountId(demo, account)
  for (let first = 0; first < count; first += 50) {
    await Promise.all(
      Array.from({ length: 50 }, () => demo.tokens.issue({ ownedBy, name: "One of many", scopes: ["treasure:read"] })),
    )
  }
}

const costOf = async (demo: Demo, account: string, pathOf: (id: string) => string) => {
  const client = (await Client.signedIn(demo.publicUrl, account)).withHeaders({ Accept: "text/html" })
  const [newest] = await tokensOf(demo, account)
  let bytes = 0
  const queries = await queriesOf(demo, async () => {
    const { status, body } = await client.get(pathOf(newest?.id ?? ""))
    expect(status).toBe(200)
    bytes = Buffer.byteLength(body)
  })
  return { queries, bytes }
}
