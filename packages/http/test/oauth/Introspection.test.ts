import { describe, expect, it } from "@effect/vitest"
import { RevisionConflict } from "@tokenry/core"
import { type Form, Introspection, type IntrospectionOptions, RateLimits, readForm } from "@tokenry/http"
import type { Scope } from "../guard/aGuard.ts"
import { aRateLimiter } from "../rate-limits/aRateLimiter.ts"
import { formOf, openWorld, outage, posting, withClock } from "../world.ts"

const scopeForAll = "token:introspect"

const realm = "treasures"

type World = Awaited<ReturnType<typeof openWorld>>
type Options = Partial<IntrospectionOptions<Scope>>

/** A world with an introspection endpoint, and its responses to a caller with these scopes. */
const asking = async (held: ReadonlyArray<string> = []) => {
  const world = await openWorld()
  const { plaintext, token } = await world.issue({ name: "caller", scopes: held })
  const authorization = `Bearer ${plaintext}`
  const answering = (tokens: World["tokens"], options: Options = {}) => {
    const { answerTo } = Introspection.make({ tokens, realm, ...options })
    const request = async (form: Form) => (await answerTo(posting(form, { authorization }))).answer
    return { answerTo, request, ask: (token: string) => request(formOf(token)) }
  }
  return { ...world, ...answering(world.tokens, { scopeForAll }), answering, authorization, caller: token }
}

const inactive = {
  status: 200,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", Vary: "Authorization" },
  body: '{"active":false}',
}

describe("Introspection", () => {
  it("describes an active token (RFC 7662 §2.2)", async () => {
    const { issue, ask } = await asking()
    const { plaintext, token } = await issue({ scopes: ["treasure:edit"], issuedTo: "chart-plotter" })
    const answer = await ask(plaintext)
    expect(answer).toMatchObject({ status: 200, headers: inactive.headers })
    expect(JSON.parse(answer.body)).toEqual({
      active: true,
      scope: "treasure:edit treasure:read",
      client_id: "chart-plotter",
      token_type: "Bearer",
      exp: Math.floor(Number(token.expiresAt) / 1000),
      iat: Math.floor(Number(token.createdAt) / 1000),
      sub: "user-1",
      jti: token.id,
    })
    expect(answer.body).not.toContain(plaintext)
  })

  it("omits absent values (RFC 7662 §2.2)", async () => {
    const { issue, ask } = await asking()
    const { plaintext } = await issue({ scopes: [], expiresAt: null })
    expect(Object.keys(JSON.parse((await ask(plaintext)).body))).toEqual(["active", "token_type", "iat", "sub", "jti"])
  })

  it("shows the scopes and the expiry that are in force now", async () => {
    const { tokens, issue, callerOf, ask } = await asking()
    const parent = await issue({ scopes: ["treasure:edit"], expiresIn: "2 hours" })
    const caller = await callerOf(parent.plaintext)
    const minted = await issue({ scopes: ["treasure:edit"], expiresIn: "90 minutes", caller })
    const changed = await tokens.edit({
      id: parent.token.id,
      ownedBy: "user-1",
      scopes: ["treasure:read"],
      expiresIn: "1 hour",
    })
    expect(JSON.parse((await ask(minted.plaintext)).body)).toMatchObject({
      scope: "treasure:read",
      exp: Math.floor(Number(changed.expiresAt) / 1000),
    })
  })

  it("a secret in its grace period is active until the period ends", async () => {
    const { tokens, issue, ask } = await asking()
    const { plaintext, token } = await issue()
    const { token: rotated } = await tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "1 hour" })
    expect(JSON.parse((await ask(plaintext)).body).exp).toBe(Math.floor(Number(rotated.secrets[1]?.graceEnds) / 1000))
  })

  it.each([[[]], [[scopeForAll]]])(
    "answers inactive, and nothing else, for any token that isn't accepted, to a caller with %j (RFC 7662 §2.2)",
    async (scopes) => {
      const { dead, ask } = await asking(scopes)
      for (const [kind, plaintext] of Object.entries(await dead())) {
        expect([kind, await ask(plaintext)]).toEqual([kind, inactive])
      }
    },
  )

  it("makes the same queries for every token that isn't accepted", async () => {
    const { dead, ask, store } = await asking([scopeForAll])
    const { malformed: _, orphan: __, ...others } = await dead()
    for (const [kind, plaintext] of Object.entries(others)) {
      store.asked.length = 0
      await ask(plaintext)
      // One for the caller, one for the token.
      expect([kind, store.asked]).toEqual([kind, ["findByDigest", "findByDigest"]])
    }
  })

  it("answers inactive for someone else's token, unless the caller may see all (RFC 7662 §4)", async () => {
    const { issue, ask } = await asking(["treasure:edit"])
    const other = await issue({ ownedBy: "user-3" })
    expect(await ask(other.plaintext)).toEqual(inactive)
  })

  it("describes anyone's token to a caller with the scope for it, and records the scope's use", async () => {
    const { tokens, issue, ask, caller } = await asking([scopeForAll])
    const [own, other] = [await issue(), await issue({ ownedBy: "user-3" })]
    const needed = async () => (await tokens.usageOf([caller]))?.[0]?.scopes.map(({ scope }) => scope)
    expect(JSON.parse((await ask(own.plaintext)).body)).toMatchObject({ active: true, sub: "user-1" })
    expect(await needed()).toEqual([])
    expect(JSON.parse((await ask(other.plaintext)).body)).toMatchObject({ active: true, sub: "user-3" })
    expect(await needed()).toEqual([scopeForAll])
  })

  it("nobody sees other owners' tokens if no scope is configured for it", async () => {
    const { tokens, issue, answering } = await asking([scopeForAll])
    const other = await issue({ ownedBy: "user-3" })
    expect(await answering(tokens).ask(other.plaintext)).toEqual(inactive)
  })

  it("counts neither as a use of the token nor as reuse of a retired secret", async () => {
    const { tokens, issue, ask } = await asking()
    const { plaintext, token } = await issue()
    const { plaintext: next } = await tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "0 minutes" })
    for (const value of [plaintext, next]) await ask(value)
    await tokens.flush()
    expect(await tokens.usageOf([token])).toMatchObject([{ count: 0, lastUsedAt: null, secrets: [] }])
    expect(await tokens.find({ id: token.id, ownedBy: "user-1" })).toMatchObject({ revokedAt: null, revision: 2 })
  })

  it.each(["purged", "revoked"])("a token that has gone by the second lookup is inactive: %s", (how) =>
    withClock(async (pass) => {
      const { tokens, issue, answering } = await asking()
      const { plaintext, token } = await issue()
      const own = { id: token.id, ownedBy: "user-1" }
      let purged = 0
      const { ask } = answering({
        ...tokens,
        find: async (request) => {
          await tokens.revoke(own)
          pass(1000)
          if (how === "purged") purged = await tokens.purge({ deadFor: "0 minutes" })
          return tokens.find(request)
        },
      })
      expect(await ask(plaintext)).toEqual(inactive)
      expect(purged).toBe(how === "purged" ? 1 : 0)
    }),
  )

  it("a form without a token is answered with 400 invalid_request in OAuth's format (RFC 6749 §5.2)", async () => {
    const { request } = await asking()
    const answer = await request(readForm(""))
    expect(answer).toMatchObject({ status: 400, headers: { "Cache-Control": "no-store", Vary: "Authorization" } })
    expect(JSON.parse(answer.body)).toEqual({
      error: "invalid_request",
      error_description: "The parameter token is missing",
    })
  })

  it.each([
    ["no credentials", {}, 401, "invalid_client"],
    ["another scheme", { authorization: "Basic dXNlcjpwYXNz" }, 401, "invalid_client"],
    ["a refused token", { authorization: "Bearer tok_1" }, 401, "invalid_token"],
    ["malformed credentials", { authorization: "Bearer a, Bearer b" }, 400, "invalid_request"],
  ])(
    "a caller with %s gets a challenge, and the form is not read (RFC 7662 §2.3)",
    async (_who, sent, status, error) => {
      const { answerTo } = await asking()
      const readForm = () => Promise.reject(new Error("The form was read"))
      const { answer } = await answerTo(posting(formOf("x"), { ...sent, readForm }))
      expect(answer).toMatchObject({
        status,
        headers: {
          "Content-Type": "application/json",
          "Cache-Control": "no-store",
          "WWW-Authenticate": expect.stringMatching(/^Bearer realm="treasures"/),
        },
      })
      expect(JSON.parse(answer.body)).toMatchObject({ error })
    },
  )

  it("authenticates callers with another header, if there is one, and varies on both", async () => {
    const { tokens, issue, authorization } = await asking()
    const { plaintext } = await issue()
    const { answerTo } = Introspection.make({ tokens, realm, from: { header: "X-API-Key" } })
    const key = authorization.slice("Bearer ".length)
    const headerValues = (name: string) => (name === "x-api-key" ? [key] : [])
    for (const form of [formOf(plaintext), formOf("x"), readForm("")]) {
      const { answer } = await answerTo(posting(form, { headerValues }))
      expect(answer.headers["Vary"]).toBe("Authorization, X-API-Key")
    }
  })

  it("limits callers, with 429 in OAuth's format, and shows them their limits in every response", async () => {
    const { tokens, answering, issue } = await asking()
    const { plaintext } = await issue()
    const limits = RateLimits.make({ perToken: aRateLimiter(2), onError: () => {} })
    const { ask, request } = answering(tokens, { limits })
    const answers = [await ask(plaintext), await request(readForm("")), await ask(plaintext)]
    expect(answers.map(({ status, headers }) => [status, headers["RateLimit"]])).toEqual([
      [200, '"default";r=1;t=60'],
      [400, '"default";r=0;t=60'],
      [429, '"default";r=0;t=60'],
    ])
    expect(answers[2]?.headers).toMatchObject({ "Content-Type": "application/json", "Retry-After": "60" })
    expect(JSON.parse(answers[2]?.body ?? "")).toEqual({
      error: "temporarily_unavailable",
      error_description: "Too many requests",
    })
  })

  it("an outage is 503 in OAuth's format, for the caller and for the token, and its cause is reported", async () => {
    const { tokens, issue, answerTo, authorization, store } = await asking()
    const { plaintext } = await issue()
    store.isAway = true
    const failing = Introspection.make({ tokens: { ...tokens, inspect: () => Promise.reject(outage) }, realm })
    const replies = [await answerTo(posting(formOf(plaintext), { authorization }))]
    store.isAway = false
    replies.push(await failing.answerTo(posting(formOf(plaintext), { authorization })))
    for (const { answer, cause } of replies) {
      expect(answer).toMatchObject({ status: 503, headers: { "Retry-After": "5", "Cache-Control": "no-store" } })
      expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
      expect(cause).toBe(outage)
    }
  })

  it("rejects with every other error", async () => {
    const { tokens, answering, issue } = await asking()
    const { plaintext } = await issue()
    const conflict = new RevisionConflict({ id: "x" })
    for (const error of [conflict, new TypeError("A bug")]) {
      await expect(answering({ ...tokens, inspect: () => Promise.reject(error) }).ask("x")).rejects.toBe(error)
      await expect(answering({ ...tokens, find: () => Promise.reject(error) }).ask(plaintext)).rejects.toBe(error)
    }
  })

  it("other methods are 405 (RFC 9110 §15.5.6)", async () => {
    const { answerTo } = await asking()
    const { answer } = await answerTo(posting(formOf("x"), { method: "GET" }))
    expect(answer).toMatchObject({ status: 405, headers: { Allow: "POST" } })
  })

  it("an undeclared scope is an error when the endpoint is made, with the nearest declared one", async () => {
    const { tokens } = await openWorld()
    const make = () => Introspection.make({ tokens, realm, scopeForAll: "token:inspect" as never })
    expect(make).toThrow('scopeForAll: "token:inspect" must be a declared scope; did you mean token:introspect?')
  })
})
