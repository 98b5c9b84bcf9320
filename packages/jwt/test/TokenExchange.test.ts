import { describe, expect, it } from "@effect/vitest"
import { type RateLimiter, RateLimits } from "@tokenry/http"
import { SigningKeys, TokenExchange } from "@tokenry/jwt"
import { decodeJwt, decodeProtectedHeader } from "jose"
import { accessTokenType, audience, issuer, openExchange, outage, withClock } from "./exchanging.ts"

describe("a token exchange", () => {
  it("returns a JWT access token for the audience (RFC 8693 §2.2.1, RFC 9068 §2)", () =>
    withClock(async () => {
      const { issue, ask } = await openExchange()
      const { plaintext, token } = await issue({ issuedTo: "chart-plotter" })
      const { status, headers, json } = await ask(plaintext)
      expect([status, headers["Cache-Control"]]).toEqual([200, "no-store"])
      const { access_token: jwt, ...rest } = json
      expect(rest).toEqual({
        issued_token_type: accessTokenType,
        token_type: "Bearer",
        expires_in: 300,
        scope: "treasure:edit treasure:read",
      })
      expect(decodeProtectedHeader(String(jwt))).toEqual({ typ: "at+jwt", alg: "EdDSA", kid: expect.any(String) })
      const now = Math.floor(Date.now() / 1000)
      expect(decodeJwt(String(jwt))).toEqual({
        iss: issuer,
        sub: "user-1",
        aud: audience,
        iat: now,
        exp: now + 300,
        jti: expect.stringMatching(/^[\da-f-]{36}$/),
        client_id: "chart-plotter",
        token_id: token.id,
        scope: "treasure:edit treasure:read",
      })
    }))

  it("names the token as the client where no client was named", async () => {
    const { issue, exchanged } = await openExchange()
    const { plaintext, token } = await issue()
    expect(decodeJwt(await exchanged(plaintext))).toMatchObject({ client_id: token.id })
  })

  it("takes resource in place of audience (RFC 8693 §2.1)", async () => {
    const { issue, exchanged } = await openExchange()
    const { plaintext } = await issue()
    const jwt = await exchanged(plaintext, { audience: undefined, resource: audience })
    expect(decodeJwt(jwt).aud).toBe(audience)
  })

  it("grants only what the audience understands, the token grants and the request asks for", async () => {
    const { issue, ask } = await openExchange()
    const { plaintext } = await issue({ scopes: ["treasure:edit", "treasure:delete"] })
    const scopeOf = async (parameters: Record<string, string>) => (await ask(plaintext, parameters)).json["scope"]
    expect(await scopeOf({})).toBe("treasure:edit treasure:read")
    expect(await scopeOf({ audience: "https://other.example.test" })).toBe("treasure:read")
    expect(await scopeOf({ scope: "treasure:read" })).toBe("treasure:read")
  })

  it.each(["treasure:delete", "treasure:read treasure:delete", "treasure:sell"])(
    "refuses the scope %s, which the audience doesn't understand (RFC 6749 §5.2)",
    async (scope) => {
      const { issue, ask } = await openExchange()
      const { plaintext } = await issue({ scopes: ["treasure:edit", "treasure:delete"] })
      expect(await ask(plaintext, { scope })).toMatchObject({ status: 400, json: { error: "invalid_scope" } })
    },
  )

  it("refuses a scope that the token was narrowed by", async () => {
    const { tokens, issue, ask } = await openExchange()
    const { plaintext, token } = await issue()
    await tokens.edit({ id: token.id, ownedBy: "user-1", scopes: ["treasure:read"] })
    expect((await ask(plaintext, { scope: "treasure:edit" })).json["error"]).toBe("invalid_scope")
    expect((await ask(plaintext)).json["scope"]).toBe("treasure:read")
  })

  it("never returns a JWT that outlives its token", () =>
    withClock(async (pass) => {
      const { issue, ask } = await openExchange()
      pass(0.5)
      const { plaintext } = await issue({ expiresIn: "10 minutes" })
      pass(598)
      const { json } = await ask(plaintext)
      expect(json["expires_in"]).toBe(2)
      pass(1.7)
      expect((await ask(plaintext)).json).toEqual({
        error: "invalid_request",
        error_description: "The subject_token is not accepted",
      })
    }))

  it("never returns a JWT that outlives the grace period of the secret it was exchanged for", () =>
    withClock(async () => {
      const { tokens, issue, ask } = await openExchange()
      const { plaintext, token } = await issue()
      await tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "1 minute" })
      expect((await ask(plaintext)).json["expires_in"]).toBe(60)
    }))

  it("refuses every token that isn't accepted, in the same words (RFC 8693 §2.2.2)", async () => {
    const { tokens, issue, ask, deactivate } = await openExchange()
    const [revoked, orphaned, inactive] = [await issue(), await issue(), await issue({ ownedBy: "user-2" })]
    const verification = await tokens.verify(orphaned.plaintext)
    if (!verification.accepted) throw new Error("The token is refused")
    const minted = await issue({ caller: verification.caller })
    await tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
    await tokens.revoke({ id: orphaned.token.id, ownedBy: "user-1" })
    deactivate("user-2")
    for (const plaintext of ["abc", revoked.plaintext, minted.plaintext, inactive.plaintext]) {
      const { status, json } = await ask(plaintext)
      expect([status, json]).toEqual([
        400,
        { error: "invalid_request", error_description: "The subject_token is not accepted" },
      ])
    }
  })

  it("refuses a JWT as subject_token: a JWT can't be renewed", async () => {
    const { issue, ask, exchanged } = await openExchange()
    const jwt = await exchanged((await issue()).plaintext)
    expect((await ask(jwt)).json["error_description"]).toBe("The subject_token is not accepted")
  })

  it.each<[what: string, parameters: Record<string, string | undefined>, error: string]>([
    ["no grant_type", { grant_type: undefined }, "invalid_request"],
    ["another grant_type", { grant_type: "client_credentials" }, "unsupported_grant_type"],
    ["no subject_token", { subject_token: undefined }, "invalid_request"],
    ["an empty subject_token", { subject_token: "" }, "invalid_request"],
    ["no subject_token_type", { subject_token_type: undefined }, "invalid_request"],
    ["another subject_token_type", { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" }, "invalid_request"],
    [
      "a refresh token requested",
      { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
      "invalid_request",
    ],
    ["an actor_token", { actor_token: "a" }, "invalid_request"],
    ["no audience", { audience: undefined }, "invalid_request"],
    ["both audience and resource", { resource: audience }, "invalid_request"],
    ["an unknown audience", { audience: "https://elsewhere.example.test" }, "invalid_target"],
    ["an audience that an object has by itself", { audience: "constructor" }, "invalid_target"],
  ])("refuses a request with %s", async (_what, parameters, error) => {
    const { issue, ask } = await openExchange()
    const { plaintext } = await issue()
    const { status, headers, body, json } = await ask(plaintext, parameters)
    expect([status, headers["Cache-Control"], json["error"]]).toEqual([400, "no-store", error])
    expect(body).not.toContain(plaintext)
  })

  it.each(["subject_token", "audience", "scope", "grant_type"])(
    "refuses a repeated %s (RFC 6749 §3.2)",
    async (name) => {
      const { answerTo } = await openExchange()
      const { json } = await answerTo(`${name}=a&${name}=b`)
      expect(json).toEqual({
        error: "invalid_request",
        error_description: `The parameter ${name} must not be repeated`,
      })
    },
  )

  it("only takes POST, and a form", async () => {
    const { exchange } = await openExchange()
    const request = { headerValues: () => [], readForm: async () => ({ _tag: "Invalid", flaw: "TooLarge" }) as const }
    expect((await exchange.answerTo({ ...request, method: "GET" })).answer).toMatchObject({
      status: 405,
      headers: { Allow: "POST" },
    })
    expect((await exchange.answerTo({ ...request, method: "POST" })).answer.status).toBe(413)
  })

  it("is 503 while the store is unavailable", async () => {
    const { tokens, issue } = await openExchange()
    const { plaintext } = await issue()
    for (const away of [{ verify: () => Promise.reject(outage) }, { find: () => Promise.reject(outage) }]) {
      const { ask } = await openExchange({ tokens: { ...tokens, ...away } })
      expect(await ask(plaintext)).toMatchObject({
        status: 503,
        headers: { "Retry-After": expect.any(String) },
        json: { error: "temporarily_unavailable" },
        cause: outage,
      })
    }
  })

  it("limits tokens, and how many unknown ones an address may try", async () => {
    const limits = RateLimits.make({ perToken: limiterOf(1), failedPerAddress: limiterOf(1), onError: () => {} })
    const { issue, ask } = await openExchange({ limits })
    const { plaintext } = await issue()
    const statuses: Array<number> = []
    for (const token of [plaintext, plaintext, "a", "b"]) statuses.push((await ask(token)).status)
    expect(statuses).toEqual([200, 429, 400, 429])
  })

  it("counts as a use of the token", async () => {
    const { tokens, issue, exchanged } = await openExchange()
    const { plaintext, token } = await issue()
    await exchanged(plaintext)
    await tokens.flush()
    expect(await tokens.usageOf([token])).toMatchObject([{ count: 1 }])
  })
})

describe("the options of an exchange", () => {
  it.each([
    [
      "an undeclared scope",
      { audiences: { a: ["treasure:raed"] } },
      /"treasure:raed" must be a declared scope; did you mean treasure:read\?/,
    ],
    ["scopes that aren't a list", { audiences: { a: "treasure:read" } }, /audiences: a needs a list/],
    ["six minutes", { lifetime: "6 minutes" }, /lifetime must be a duration of a second or more and at most 5 minutes/],
    ["a relative issuer", { issuer: "/api" }, /issuer is not valid; write a URL/],
    ["no keys", { keys: undefined }, /keys is missing/],
    ["a misspelt option", { audience: {} }, /did you mean audiences\?/],
  ])("refuses %s", async (_what, options, message) => {
    const { tokens, keys } = await openExchange()
    const good = { tokens, keys, issuer, audiences: { [audience]: ["treasure:read"] } } as const
    expect(() => TokenExchange.make({ ...good, ...options } as never)).toThrow(message)
  })
})

describe("signing keys", () => {
  it.each(["EdDSA", "ES256"] as const)("publish nothing private of an %s key", async (algorithm) => {
    const signing = await SigningKeys.generate(algorithm)
    const keys = await SigningKeys.make({ signing, alsoPublish: [await SigningKeys.generate("ES256")] })
    const { status, headers, body } = keys.answerTo("GET")
    expect([status, headers]).toEqual([
      200,
      { "Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300" },
    ])
    expect(JSON.parse(body).keys).toHaveLength(2)
    expect(body).not.toContain('"d"')
    expect(body).not.toContain(signing.d)
    expect(keys.answerTo("POST")).toMatchObject({ status: 405, headers: { Allow: "GET, HEAD" } })
  })

  it.each<[what: string, change: (jwk: Record<string, unknown>) => void, message: RegExp]>([
    ["public", (jwk) => delete jwk["d"], /signing must be a private key/],
    ["nameless", (jwk) => delete jwk["kid"], /signing needs a kid/],
    ["of another algorithm", (jwk) => (jwk["alg"] = "RS256"), /must have alg EdDSA/],
    ["broken", (jwk) => (jwk["x"] = "AAAA"), /signing is not a valid key/],
  ])("refuse a key that is %s, without showing it", async (_what, change, message) => {
    const jwk: Record<string, unknown> = { ...(await SigningKeys.generate()) }
    const secret = String(jwk["d"])
    change(jwk)
    const error = await SigningKeys.make({ signing: jwk }).then(String, String)
    expect(error).toMatch(message)
    expect(error).not.toContain(secret)
  })

  it("refuse two keys with one kid", async () => {
    const signing = await SigningKeys.generate()
    await expect(SigningKeys.make({ signing, alsoPublish: [signing] })).rejects.toThrow(
      "every key needs a kid of its own",
    )
  })
})

/** Counts requests by key. */
const limiterOf = (limit: number): RateLimiter => {
  const counts = new Map<string, number>()
  return {
    consume: async (key) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { _tag: "Consumed", allowed: count <= limit, remaining: 0, resetSeconds: 50, limit, windowSeconds: 60 }
    },
  }
}
