/** Introspection (RFC 7662), revocation (RFC 7009) and the metadata (RFC 9728) as handlers. */
import { describe, expect, it, vi } from "@effect/vitest"
import { RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import { introspection, protectedResourceMetadata, revocation } from "@tokenry/fetch"
import { type RateLimiter, RateLimits } from "@tokenry/http"
import { address, issue, openTokens, realm } from "./tokens.ts"

const maxLength = 16 * 1024
const formType = "application/x-www-form-urlencoded"

const post = (
  body: BodyInit | null,
  { authorization = "", type = formType, ...headers }: Record<string, string> = {},
) =>
  new Request(address, {
    method: "POST",
    body,
    headers: { "Content-Type": type, ...(authorization === "" ? {} : { Authorization: authorization }), ...headers },
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  })

/** A body in chunks of these sizes. It may never end. */
const chunks = (sizes: ReadonlyArray<number>, { ends = true } = {}) =>
  new ReadableStream({
    start: (controller) => {
      for (const size of sizes) controller.enqueue(new TextEncoder().encode("a".repeat(size)))
      if (ends) controller.close()
    },
  })

const aLimiter = (limit: number): RateLimiter => {
  const counts = new Map<string, number>()
  return {
    consume: async (key) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { _tag: "Consumed", allowed: count <= limit, remaining: 0, resetSeconds: 50, limit, windowSeconds: 60 }
    },
  }
}

const limitsOf = (limiters: Omit<Parameters<typeof RateLimits.make>[0], "onError">) =>
  RateLimits.make({ ...limiters, onError: () => {} })

describe("introspection", () => {
  it("describes a token of the caller's owner (RFC 7662 §2.2)", async () => {
    const tokens = await openTokens()
    const [caller, subject] = [await issue(tokens), await issue(tokens, "treasure:read")]
    const handler = introspection({ tokens, realm })
    const response = await handler(post(new URLSearchParams({ token: subject }), { authorization: `Bearer ${caller}` }))
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "no-store"])
    expect(await response.json()).toMatchObject({ active: true, scope: "treasure:read", sub: "user-1" })
  })

  it.each([
    ["nobody", "", 401, "invalid_client"],
    ["a refused token", "Bearer abc", 401, "invalid_token"],
    ["two credentials", "Basic abc, Bearer def", 400, "invalid_request"],
  ])("challenges %s in OAuth's format, and reads no body", async (_who, authorization, status, error) => {
    const tokens = await openTokens()
    let pulls = 0
    const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 })
    const response = await introspection({ tokens, realm })(post(body, { authorization }))
    expect(response.status).toBe(status)
    expect(response.headers.get("WWW-Authenticate")).toMatch(/^Bearer realm="treasures"/)
    expect(await response.json()).toMatchObject({ error })
    expect(pulls).toBe(0)
  })

  it("answers one request too many with 429 in OAuth's format", async () => {
    const tokens = await openTokens()
    const caller = await issue(tokens)
    const handler = introspection({ tokens, realm, limits: limitsOf({ perToken: aLimiter(0) }) })
    const response = await handler(post("token=x", { authorization: `Bearer ${caller}` }))
    expect([response.status, response.headers.get("Retry-After")]).toEqual([429, "50"])
    expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" })
  })
})

describe("revocation", () => {
  it("revokes the token, and its history records the address", async () => {
    const tokens = await openTokens()
    const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const handler = revocation({ tokens, addressOf: (_request, ip) => String(ip) })
    const response = await handler(post(new URLSearchParams({ token: plaintext })), "192.0.2.1")
    expect([response.status, await response.text()]).toEqual([200, ""])
    expect(await tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked" } })
    const { history } = await tokens.find({ id: token.id, ownedBy: "user-1" })
    expect(history.at(-1)).toMatchObject({ kind: "revoked", origin: { address: "192.0.2.1" } })
  })

  it("is limited per address, and can't be made if there is no way to know the address", async () => {
    const tokens = await openTokens()
    const limits = limitsOf({ failedPerAddress: aLimiter(1) })
    expect(() => revocation({ tokens, limits })).toThrow("limits.failedPerAddress needs addressOf")
    const handler = revocation({ tokens, limits, addressOf: (_request, ip) => String(ip) })
    const statuses: Array<number> = []
    for (const [token, ip] of [
      ["a", "192.0.2.1"],
      ["b", "192.0.2.1"],
      ["b", "192.0.2.2"],
    ] as const) {
      statuses.push((await handler(post(`token=${token}`), ip)).status)
    }
    expect(statuses).toEqual([200, 429, 200])
  })
})

describe("a form", () => {
  const statusOf = async (request: Request, bodyTimeout: "1 minute" | "20 millis" = "1 minute") =>
    (await revocation({ tokens: await openTokens(), bodyTimeout })(request)).status

  it.each<[what: string, body: () => BodyInit | null, status: number]>([
    ["of exactly 16 KiB", () => `token=${"a".repeat(maxLength - 6)}`, 200],
    ["of one byte more", () => `token=${"a".repeat(maxLength - 5)}`, 413],
    ["of one byte more, in small chunks", () => chunks([...Array.from({ length: 16 }, () => 1024), 1]), 413],
    [
      "of exactly 16 KiB, in small chunks, and without a token",
      () => chunks(Array.from({ length: 16 }, () => 1024)),
      400,
    ],
    ["that never ends", () => new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1000)) }), 413],
    ["that breaks off", () => new ReadableStream({ pull: (to) => to.error(new Error("reset")) }), 400],
    ["of strings in place of bytes", () => new ReadableStream({ start: (to) => to.enqueue("token=a") }), 400],
    ["that is not UTF-8", () => Buffer.from("token=\xe9", "latin1"), 400],
    ["that is empty", () => "", 400],
    ["that is not there", () => null, 400],
  ])("%s", async (_what, body, status) => {
    expect(await statusOf(post(body()))).toBe(status)
  })

  it.each([
    ["another type", { type: "application/json" }],
    ["another charset", { type: `${formType}; charset=iso-8859-1` }],
    ["an encoding", { "Content-Encoding": "gzip" }],
  ])("with %s is 400", async (_what, headers) => {
    expect(await statusOf(post("token=a", headers))).toBe(400)
  })

  it("that doesn't arrive in time is 408", async () => {
    expect(await statusOf(post(chunks([6], { ends: false })), "20 millis")).toBe(408)
  })

  it.each<[what: string, before: (request: Request) => unknown]>([
    ["was read before", (request) => request.text()],
    ["is being read elsewhere", (request) => request.body?.getReader()],
  ])("that %s is an application error that says so", async (_what, before) => {
    const request = post("token=a")
    await before(request)
    await expect(statusOf(request)).rejects.toThrow("was already read")
  })
})

describe("all endpoints", () => {
  const outage = new RepositoryUnavailable({ operation: "any", cause: new Error("10.0.0.7 is away") })

  it("answer an outage with 503, and report it", async () => {
    const tokens = { ...(await openTokens()), inspect: () => Promise.reject(outage) }
    const received: Array<unknown> = []
    const onError = (error: unknown) => void received.push(error)
    const authorization = `Bearer ${await issue(tokens)}`
    for (const handler of [introspection({ tokens, realm, onError }), revocation({ tokens, onError })]) {
      const response = await handler(post("token=a", { authorization }))
      expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "5"])
      expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" })
    }
    expect(received).toEqual([outage, outage])
  })

  it.each([new TypeError("A bug"), new RevisionConflict({ id: "x" })])(
    "reject with other errors: %s",
    async (error) => {
      const tokens = { ...(await openTokens()), inspect: vi.fn<() => Promise<never>>().mockRejectedValue(error) }
      const authorization = `Bearer ${await issue(tokens)}`
      await expect(introspection({ tokens, realm })(post("token=a", { authorization }))).rejects.toBe(error)
      await expect(revocation({ tokens })(post("token=a"))).rejects.toBe(error)
    },
  )

  it("answer other methods with 405 and Allow (RFC 9110 §15.5.6)", async () => {
    const tokens = await openTokens()
    const { path, handler } = protectedResourceMetadata({ resource: "https://api.example.test/a", scopes: [] })
    for (const [respond, allow] of [
      [introspection({ tokens, realm }), "POST"],
      [revocation({ tokens }), "POST"],
      [handler, "GET, HEAD"],
    ] as const) {
      const response = await respond(new Request(address, { method: "PUT" }))
      expect([response.status, response.headers.get("Allow")]).toEqual([405, allow])
    }
    const metadata = handler(new Request(address))
    expect([metadata.status, path]).toEqual([200, "/.well-known/oauth-protected-resource/a"])
    expect(await metadata.json()).toMatchObject({ resource: "https://api.example.test/a" })
  })
})
