/** That many people who sign in at the same time stop nobody else. */
import { afterAll, beforeAll, expect, it } from "vitest"
import { boundedQueue, QueueFull } from "../src/boundedQueue.ts"
import type { Demo } from "../src/Demo.ts"
import { fixturePassword } from "../src/fixtures.ts"
import { hashingQueue } from "../src/passwords.ts"
import { Client, credentialsOf } from "./Client.ts"
import { demoOn } from "./demos.ts"
import { Browser } from "./pages/Browser.ts"
import { signedInLongAgo } from "./pages/signedInLongAgo.ts"

let demo: Demo
let owner: Client

beforeAll(async () => {
  demo = await demoOn({ kind: "memory" }, { rateLimit: 600 })
  owner = await Client.signedIn(demo.publicUrl, "owner")
})
afterAll(() => demo.stop())

/** Fills the queue until it is called again. */
const fillQueue = (): (() => Promise<unknown>) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = Array.from({ length: 100 }, () => hashingQueue.run(() => promise).catch(() => "full"))
  return () => {
    resolve()
    return Promise.all(waiting)
  }
}

it("while too many passwords are waiting, signing in is 503 at once, and tokens are accepted and refused as ever", async () => {
  const { plaintext } = await owner.issue()
  const late = await Browser.signedIn(demo.publicUrl, "owner")
  await signedInLongAgo(demo, late.cookie)
  const form = await late.get("/settings/tokens/new")
  const makeRoom = fillQueue()
  const client = new Client(demo.publicUrl)
  const refused = await client.post("/api/session", credentialsOf("owner"))
  expect(refused.status).toBe(503)
  expect(refused.headers.get("Retry-After")).toBe("5")
  expect(refused.headers.getSetCookie()).toEqual([])
  expect(refused.body.detail).toContain("Too many people are signing in at the same time.")
  const page = await new Browser(demo.publicUrl).post("/login", { ...credentialsOf("owner") })
  expect([page.status, page.headers.get("Retry-After")]).toEqual([503, "5"])
  expect(page.text).toContain("Too many people are signing in at the same time.")
  const confirming = await form.submit({ name: "late", password: fixturePassword }, "/settings/tokens/new")
  expect(confirming.status).toBe(503)
  expect((await client.withToken(plaintext).get("/api/treasures")).status).toBe(200)
  expect((await client.withToken("tcp_wrong").get("/api/treasures")).status).toBe(401)
  await makeRoom()
  expect((await client.post("/api/session", credentialsOf("owner"))).status).toBe(204)
})

it("an attempt that found no room costs none of those that may fail", async () => {
  const makeRoom = fillQueue()
  const client = new Client(demo.publicUrl)
  for (let count = 0; count < 31; count++) {
    expect((await client.post("/api/session", credentialsOf("admin"))).status).toBe(503)
  }
  await makeRoom()
  expect((await client.post("/api/session", credentialsOf("admin"))).status).toBe(204)
})

it("a queue does so much at once, keeps the rest in order, and has room again when something is done", async () => {
  const queue = boundedQueue({ atOnce: 2, waitingAtMost: 1 })
  const begun: Array<string> = []
  const gates = new Map<string, () => void>()
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name)
      gates.set(name, () => resolve(name))
    })
  const [a, b, c] = ["a", "b", "c"].map((name) => queue.run(work(name)))
  await expect(queue.run(work("d"))).rejects.toBeInstanceOf(QueueFull)
  expect(begun).toEqual(["a", "b"])
  gates.get("a")?.()
  expect(await a).toBe("a")
  const e = queue.run(work("e"))
  await expect.poll(() => begun).toEqual(["a", "b", "c"])
  for (const name of ["b", "c"]) gates.get(name)?.()
  expect([await b, await c]).toEqual(["b", "c"])
  await expect.poll(() => begun).toContain("e")
  gates.get("e")?.()
  expect(await e).toBe("e")
  await expect(queue.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no")
  expect(await queue.run(async () => "again")).toBe("again")
})
