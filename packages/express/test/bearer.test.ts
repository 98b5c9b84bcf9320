import { describe, expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import type { GuardTokens } from "@tokenry/http"
import { bearer, callerOf, originOf } from "@tokenry/express"
import express5, { type ErrorRequestHandler } from "express"
import express4 from "express4"
import { openTokens, serve, withToken } from "./tokens.ts"

const versions = [
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
] as const

const away = async () => {
  throw new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })
}
const broken = async () => {
  throw new Error("broken")
}

describe.each(versions)("%s", (_version, express) => {
  it("a route that requires scopes authenticates by itself, and verifies only once behind the guard", async () => {
    const tokens = await openTokens()
    let verifies = 0
    const counting: typeof tokens = { ...tokens, verify: (...all) => (verifies++, tokens.verify(...all)) }
    const guard = bearer({ tokens: counting, realm: "treasures" })
    const app = express()
    app.get("/alone", guard.requireScopes("treasure:read"), (_req, res) => void res.send("alone"))
    app.get("/behind", guard, guard.requireScopes("treasure:read"), (_req, res) => void res.send("behind"))
    app.get("/lacking", guard, guard.requireScopes("treasure:delete"), (_req, res) => void res.send("lacking"))
    await using server = await serve(app)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    expect(await server.ask("/alone")).toMatchObject({ status: 401 })
    expect(await server.ask("/alone", withToken(plaintext))).toMatchObject({ status: 200, body: "alone" })
    expect(verifies).toBe(1)
    expect(await server.ask("/behind", withToken(plaintext))).toMatchObject({ status: 200, body: "behind" })
    expect(verifies).toBe(2)
    const lacking = await server.ask("/lacking", withToken(plaintext))
    expect(lacking.status).toBe(403)
    expect(lacking.headers.get("WWW-Authenticate")).toContain('scope="treasure:delete"')
  })

  it("one guard's caller can't pass another guard", async () => {
    const [tokens, others] = [await openTokens(), await openTokens()]
    const app = express()
    app.use(bearer({ tokens, realm: "treasures" }), bearer({ tokens: others, realm: "others" }))
    await using server = await serve(app)
    const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    const answer = await server.ask("/", withToken(plaintext))
    expect(answer.headers.get("WWW-Authenticate")).toContain('realm="others", error="invalid_token"')
  })

  it("an outage is 503 and reported; other errors go to the error handlers, including those of onDenied", async () => {
    const tokens = await openTokens()
    const reported: Array<unknown> = []
    const onError = (error: unknown) => void reported.push(error)
    const guardWith = (verify: GuardTokens["verify"]) =>
      bearer({ tokens: { ...tokens, verify }, realm: "treasures", onError })
    const app = express()
    app.get("/away", guardWith(away))
    app.get("/broken", guardWith(broken))
    const onDenied = () => {
      throw new Error("denied")
    }
    app.get("/denied", bearer({ tokens, realm: "treasures", onDenied }))
    const render: ErrorRequestHandler = (error: Error, _req, res, _next) => void res.json({ message: error.message })
    app.use(render)
    await using server = await serve(app)
    expect(await server.ask("/away", withToken("mF_9.B5f-4.1JqM"))).toMatchObject({ status: 503 })
    expect(reported).toEqual([expect.objectContaining({ _tag: "RepositoryUnavailable" })])
    const token = withToken("mF_9.B5f-4.1JqM")
    expect(await server.ask("/broken", token)).toMatchObject({ status: 200, body: '{"message":"broken"}' })
    const denied = await server.ask("/denied")
    expect(denied).toMatchObject({ status: 401, body: '{"message":"denied"}' })
    expect(denied.headers.get("WWW-Authenticate")).toBe('Bearer realm="treasures"')
  })

  it("originOf returns the address and user agent, also behind a trusted proxy", async () => {
    const app = express().set("trust proxy", "loopback")
    app.get("/", (req, res) => void res.json(originOf(req)))
    await using server = await serve(app)
    const asking = async (headers: Record<string, string>) => JSON.parse((await server.ask("/", { headers })).body)
    expect(await asking({ "User-Agent": "curl/8" })).toEqual({ address: "127.0.0.1", userAgent: "curl/8" })
    const forwarded = { "User-Agent": "", "X-Forwarded-For": "2001:db8::7" }
    expect(await asking(forwarded)).toEqual({ address: "2001:db8::7" })
    expect(await asking({ ...forwarded, "X-Forwarded-For": "<script>" })).toEqual({})
  })
})

it("callerOf without a guard explains what to do", () => {
  expect(() => callerOf({})).toThrow("put bearer(…) before it")
})
