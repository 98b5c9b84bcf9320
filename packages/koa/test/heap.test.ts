import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import Koa from "koa"
import { bearer, introspection, problemDetails, revocation } from "@tokenry/koa"
import { expect, it } from "@effect/vitest"
import { listen, openTokens, request } from "./server.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

/** Bytes still in use after a full collection. */
const heapInUse = async (): Promise<number> => {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

const perRound = 600

it("bad requests leak nothing: the third round needs no more memory than the second", async () => {
  const tokens = await openTokens()
  const problemBase = "https://api.example.test/problems/"
  const app = new Koa()
    .use(problemDetails({ problemBase }))
    .use(revocation({ tokens }))
    .use(introspection({ tokens, realm: "treasures" }))
    .use(bearer({ tokens, realm: "treasures", problemBase }))
  await using server = await listen(app)

  const bad = (index: number) =>
    [
      { authorization: [`Bearer ${"x".repeat(index % 6000)}`] },
      { authorization: [`Bearer a${index}`, `Bearer b${index}`] },
      { authorization: [`Bearer tok_${String(index).padStart(49, "0")}`] },
      { authorization: [`Basic ${index}`] },
      {
        method: "POST",
        path: "/oauth/revoke",
        headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: `token=${index}`,
      },
      { method: "POST", path: "/oauth/introspect", headers: ["Content-Type: text/plain"], body: `{${index}` },
    ][index % 6] ?? {}

  const heaps: Array<number> = []
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < perRound; index++) {
      const { status } = await request(server.port, bad(round * perRound + index))
      expect(status).toBeLessThan(500)
    }
    heaps.push(await heapInUse())
  }
  const [, second = 0, third = 0] = heaps
  // Less than a kilobyte per request; a leak of requests or tokens would take several.
  expect(third - second).toBeLessThan(perRound * 1000)
}, 60_000)
