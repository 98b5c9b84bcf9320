import { describe, expect, it, vi } from "@effect/vitest"
import { InvalidInput, RepositoryUnavailable, TokenNotFound } from "@tokenry/core"
import { type ErrorOccurrence, problemDetails, type ProblemDetailsOptions } from "@tokenry/fetch"
import { address, problemBase } from "./tokens.ts"

type Received = ReadonlyArray<{ readonly error: unknown; readonly occurrence: ErrorOccurrence }>

/** The response to a request handled like this, and the reported errors. */
const answerOf = async (
  handler: (request: Request) => Response | Promise<Response>,
  { request = new Request(address), ...options }: Partial<ProblemDetailsOptions> & { readonly request?: Request } = {},
) => {
  const received: Array<Received[number]> = []
  const onError = (error: unknown, occurrence: ErrorOccurrence) => void received.push({ error, occurrence })
  const response = await problemDetails({ problemBase, onError, ...options })(handler)(request)
  return { response, received, body: await response.text() }
}

const throwing = (error: unknown) => () => {
  throw error
}

const withStatus = (status: unknown, properties: object = {}) =>
  Object.assign(new Error("what only the log may know"), { status, ...properties })

describe("problemDetails answers what a handler throws", () => {
  it.each<[what: string, error: unknown, status: number, type: string]>([
    ["an error of the core", new TokenNotFound({ id: "x" }), 404, `${problemBase}not-found`],
    ["an outage of the store", outage(), 503, `${problemBase}store-unavailable`],
    ["a status with a type of its own", withStatus(413), 413, `${problemBase}content-too-large`],
    ["415, which has a type of its own", withStatus(415), 415, `${problemBase}unsupported-media-type`],
    ["another status", withStatus(417), 417, "about:blank"],
    ["a statusCode", Object.assign(new Error("x"), { statusCode: 409 }), 409, "about:blank"],
    ["a status beyond 500", withStatus(502), 502, "about:blank"],
    ["a status that isn't an error", withStatus(200), 500, `${problemBase}internal-error`],
    ["an invalid status", withStatus(999), 500, `${problemBase}internal-error`],
    ["a bug", new TypeError("what only the log may know"), 500, `${problemBase}internal-error`],
    ["a value that isn't an Error", "what only the log may know", 500, `${problemBase}internal-error`],
    ["nothing", undefined, 500, `${problemBase}internal-error`],
  ])("%s", async (_what, error, status, type) => {
    const { response, body, received } = await answerOf(throwing(error))
    expect(response.status).toBe(status)
    expect(response.headers.get("Content-Type")).toBe("application/problem+json")
    expect(response.headers.get("Cache-Control")).toBe("no-store")
    expect(JSON.parse(body)).toMatchObject({ type, status, title: expect.stringMatching(/./) })
    expect(body).not.toContain("only the log")
    expect(received.map(({ error }) => error)).toEqual(status >= 500 ? [error] : [])
  })

  it("reports every problem with an input at once (RFC 9457 §3)", async () => {
    const error = new InvalidInput({ issues: [{ path: ["scopes", "0"], message: "must be a string" }] })
    const { body } = await answerOf(throwing(error))
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ pointer: "#/scopes/0", detail: "must be a string" }],
    })
  })

  it("gives an unknown error 500 with the id that the log has (RFC 9457 §3.1.5)", async () => {
    const { body, received } = await answerOf(throwing(new Error("x")))
    expect(JSON.parse(body)).toMatchObject({ instance: `urn:uuid:${received[0]?.occurrence.id}` })
    expect(received[0]?.occurrence.request.url).toBe(address)
  })

  it("shows a message only if the error exposes it", async () => {
    const { body } = await answerOf(throwing(withStatus(422, { message: "Send less", expose: true })))
    expect(JSON.parse(body)).toMatchObject({ detail: "Send less" })
    const failed = await answerOf(throwing(withStatus(503, { message: "Disk 7", expose: true })))
    expect(failed.body).not.toContain("Disk 7")
  })

  it("sends the error's headers, except illegal ones and those of a body", async () => {
    const headers = {
      "Retry-After": 7,
      "Content-Length": 1,
      "Content-Type": "text/html",
      "X-A": "a\nb",
      "No name": "x",
    }
    const { response } = await answerOf(throwing(withStatus(429, { headers })))
    expect(Object.fromEntries(response.headers)).toEqual({
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "retry-after": "7",
    })
  })

  it("returns a thrown Response", async () => {
    const { response, body } = await answerOf(throwing(new Response("mine", { status: 402 })))
    expect([response.status, body]).toEqual([402, "mine"])
  })

  it("answers a malformed body with 400, shows nothing of it, and reports it", async () => {
    const request = new Request(address, { method: "POST", body: '{"secret":' })
    const { response, body, received } = await answerOf(async (request) => Response.json(await request.json()), {
      request,
    })
    expect(response.status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}unreadable-body` })
    expect(body).not.toContain("secret")
    expect(received).toHaveLength(1)
  })

  it("answers a SyntaxError that has nothing to do with the body with 500", async () => {
    const { response } = await answerOf(() => Response.json(JSON.parse("{")))
    expect(response.status).toBe(500)
  })

  it("prints an error if there is no onError, or if onError fails", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue()
    const [lost, full] = [new Error("lost"), new Error("The log is full")]
    for (const options of [{}, { onError: () => Promise.reject(full) }]) {
      const answer = await problemDetails({ problemBase, ...options })(throwing(lost))(new Request(address))
      expect(answer.status).toBe(500)
    }
    expect(print.mock.calls).toEqual([[lost], [full]])
  })
})

describe("problemDetails gives an error without a body", () => {
  it("its problem, and keeps its headers except those of a body", async () => {
    const headers = { Allow: "GET", Vary: "Origin", "Content-Length": "0", "Cache-Control": "public" }
    const { response, body } = await answerOf(() => new Response(null, { status: 405, headers }))
    expect(Object.fromEntries(response.headers)).toEqual({
      allow: "GET",
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      vary: "Origin",
    })
    expect(JSON.parse(body)).toMatchObject({ type: `${problemBase}method-not-allowed` })
  })

  it("its problem, and keeps its cookies (RFC 6265 §3)", async () => {
    const bare = new Response(null, { status: 401 })
    bare.headers.append("Set-Cookie", "a=1")
    bare.headers.append("Set-Cookie", "b=2")
    const { response } = await answerOf(() => bare)
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"])
  })

  it("its problem, even for an unknown status", async () => {
    const { body } = await answerOf(() => new Response(null, { status: 499 }))
    expect(JSON.parse(body)).toMatchObject({ type: "about:blank", title: "Error", status: 499 })
  })
})

describe("problemDetails doesn't touch", () => {
  it.each([
    ["what went well", () => new Response("ok"), 200, "ok"],
    ["an empty response that isn't an error", () => new Response(null, { status: 204 }), 204, ""],
    ["an error with a body of its own", () => new Response("mine", { status: 404 }), 404, "mine"],
  ])("%s", async (_what, handler, status, text) => {
    const { response, body, received } = await answerOf(handler)
    expect([response.status, body, received]).toEqual([status, text, []])
  })
})

it("problemDetails refuses a base that no slug can be appended to", () => {
  expect(() => problemDetails({ problemBase: "https://api.example.test/problems" })).toThrow("problemBase")
})

function outage() {
  return new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("10.0.0.7 is away") })
}
