import { describe, expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { type Credentials, type CredentialsFlaw, type Denials, Guard, type HttpAnswer } from "@tokenry/http"
import { aGuard, problemBase, tokensThat } from "./aGuard.ts"

const { denials } = aGuard()
const oauth = Guard.makeForOAuth({ tokens: tokensThat(), realm: "treasures" }).denials

/** One flaw of each kind; a new kind makes this fail to compile. */
const flaws: Record<CredentialsFlaw, true> = {
  SeveralHeaders: true,
  SeveralCredentials: true,
  SeveralWays: true,
  NoScheme: true,
  NoToken: true,
  Comma: true,
  NotToken68: true,
}
const invalid = (flaw: CredentialsFlaw) => ({ _tag: "Invalid", flaw }) as const
const none: Extract<Credentials, { _tag: "None" }> = { _tag: "None" }
const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: new Error("10.0.0.7 is away") })
const tooMany = { "Retry-After": "7", RateLimit: '"default";r=0;t=7' }

/** One denial of each kind. */
const allOf = ({ ofCredentials, refused, proofRefused, insufficientScope, rateLimited, unavailable }: Denials) => ({
  missing: ofCredentials(none),
  malformed: ofCredentials(invalid("Comma")),
  refused: refused(),
  "proof-refused": proofRefused({ error: "invalid_dpop_proof", description: "It is wrong" }),
  "insufficient-scope": insufficientScope(["treasure:read", "treasure:edit"]),
  "rate-limited": rateLimited(tooMany),
  unavailable: unavailable(outage),
})

const challengeOf = ({ headers }: HttpAnswer) => headers["WWW-Authenticate"]

describe("a denial", () => {
  it("has its reason, and its problem's title", () => {
    for (const [reason, denial] of Object.entries(allOf(denials))) {
      expect(denial.reason).toBe(reason)
      expect(JSON.parse(denial.body).title).toBe(denial.title)
    }
  })

  it("of no credentials, or another scheme, is 401 without an error code (RFC 6750 §3.1)", () => {
    for (const _tag of ["None", "OtherScheme"] as const) {
      const denial = denials.ofCredentials({ _tag })
      expect(denial).toMatchObject({ reason: "missing", status: 401 })
      expect(challengeOf(denial)).toBe('Bearer realm="treasures"')
    }
  })

  it("with 401 names the required scopes, if there are any (RFC 6750 §3)", () => {
    const required = ["treasure:read", "treasure:edit"]
    const scope = 'scope="treasure:read treasure:edit"'
    expect(challengeOf(denials.ofCredentials(none, required))).toBe(`Bearer realm="treasures", ${scope}`)
    const refused = denials.refused(required)
    expect(challengeOf(refused)).toBe(`${challengeOf(denials.refused())}, ${scope}`)
    expect(denials.ofCredentials({ _tag: "TooLong" }, required)).toEqual(refused)
  })

  it.each(Object.keys(flaws) as ReadonlyArray<CredentialsFlaw>)(
    "of credentials malformed as HTTP is 400 invalid_request, with the challenge (RFC 6750 §3.1): %s",
    (flaw) => {
      const denial = denials.ofCredentials(invalid(flaw))
      expect(denial).toMatchObject({ reason: "malformed", status: 400, detail: expect.stringMatching(/^[A-Z]/) })
      expect(challengeOf(denial)).toBe(
        `Bearer realm="treasures", error="invalid_request", error_description="${denial.detail}"`,
      )
      expect(JSON.parse(denial.body)).toEqual({
        type: `${problemBase}malformed-credentials`,
        title: denial.title,
        status: 400,
        detail: denial.detail,
      })
    },
  )

  it("for a token that is too long equals that for a refused token", () => {
    expect(denials.ofCredentials({ _tag: "TooLong" })).toEqual(denials.refused())
  })

  it("for a refused token is 401 invalid_token and reveals nothing more (RFC 6750 §3.1)", () => {
    expect(denials.refused()).toEqual({
      reason: "refused",
      title: "The token is not accepted",
      status: 401,
      headers: {
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
        "WWW-Authenticate":
          'Bearer realm="treasures", error="invalid_token", error_description="The token is not accepted"',
        Vary: "Authorization",
      },
      body: JSON.stringify({ type: `${problemBase}token-refused`, title: "The token is not accepted", status: 401 }),
    })
  })

  it("for missing scopes is 403 with every required scope (RFC 6750 §3.1)", () => {
    const required = ["treasure:read", "treasure:edit"]
    const denial = denials.insufficientScope(required)
    expect(denial).toMatchObject({ reason: "insufficient-scope", status: 403, scopes: required })
    expect(challengeOf(denial)).toContain('error="insufficient_scope"')
    expect(challengeOf(denial)).toContain('scope="treasure:read treasure:edit"')
    expect(JSON.parse(denial.body)).toMatchObject({ scopes: required })
  })

  it("for too many requests is 429 with the limits' headers and no challenge (RFC 6585 §4)", () => {
    const denial = denials.rateLimited(tooMany)
    expect(denial).toMatchObject({ reason: "rate-limited", status: 429, headers: tooMany })
    expect(challengeOf(denial)).toBeUndefined()
    expect(JSON.parse(denial.body)).toMatchObject({ type: `${problemBase}too-many-requests` })
  })

  it("for an outage is 503 with Retry-After, no challenge and no detail; its cause is for the log", () => {
    const denial = denials.unavailable(outage)
    expect(denial).toMatchObject({ reason: "unavailable", status: 503, cause: outage })
    expect(denial.headers["Retry-After"]).toMatch(/^[1-9]\d*$/)
    expect(challengeOf(denial)).toBeUndefined()
    expect(Object.keys(JSON.parse(denial.body))).toEqual(["type", "title", "status"])
  })

  it("is problem details, is never cached, and varies on Authorization (RFC 9110 §12.5.5, RFC 9457 §3)", () => {
    for (const { status, headers, body } of Object.values(allOf(denials))) {
      expect(headers).toMatchObject({
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
        Vary: "Authorization",
      })
      expect(JSON.parse(body)).toMatchObject({
        status,
        type: expect.stringMatching(/^https:/),
        title: expect.any(String),
      })
    }
  })
})

describe("without problemBase, a denial", () => {
  it("is about:blank with the phrase of its status, and its detail says what happened (RFC 9457 §4.2.1)", () => {
    const bare = aGuard({ problemBase: undefined }).denials
    const withBase = Object.values(allOf(denials))
    for (const [index, denial] of Object.values(allOf(bare)).entries()) {
      const { body: _, ...rest } = withBase[index] ?? denial
      expect(denial).toMatchObject(rest)
      expect(JSON.parse(denial.body)).toMatchObject({ type: "about:blank", detail: denial.detail ?? denial.title })
    }
    expect(JSON.parse(bare.refused().body)).toEqual({
      type: "about:blank",
      title: "Unauthorized",
      status: 401,
      detail: "The token is not accepted",
    })
  })
})

describe("in OAuth's format, a denial", () => {
  it("has the same reason, status and headers, and another body (RFC 6749 §5.2, RFC 7662 §2.3)", () => {
    const errors = {
      missing: "invalid_client",
      malformed: "invalid_request",
      refused: "invalid_token",
      "proof-refused": "invalid_dpop_proof",
      "insufficient-scope": "insufficient_scope",
      "rate-limited": "temporarily_unavailable",
      unavailable: "temporarily_unavailable",
    }
    expect(Object.keys(allOf(oauth))).toEqual(Object.keys(errors))
    for (const [reason, error] of Object.entries(errors)) {
      const name = reason as keyof typeof errors
      const [problem, { body, ...denial }] = [allOf(denials)[name], allOf(oauth)[name]]
      const { body: _, ...expected } = problem
      expect(denial).toEqual({ ...expected, headers: { ...expected.headers, "Content-Type": "application/json" } })
      expect(JSON.parse(body)).toEqual({ error, error_description: denial.detail ?? denial.title })
      expect(JSON.parse(body).error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    }
  })
})

describe("where another header may hold the token, a denial", () => {
  it("varies on both headers, and names the other one where both were sent", () => {
    const { denials } = aGuard({ from: { header: "X-API-Key" } })
    for (const { headers } of Object.values(allOf(denials))) expect(headers["Vary"]).toBe("Authorization, X-API-Key")
    expect(denials.ofCredentials(invalid("SeveralWays")).detail).toContain("in Authorization or in X-API-Key")
  })
})

describe("the address of the resource's metadata", () => {
  it("is in every challenge, if there is one (RFC 9728 §5.1)", () => {
    const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
    const options = { tokens: tokensThat(), realm: "treasures", resourceMetadata }
    for (const { denials } of [Guard.make(options), Guard.makeForOAuth(options)]) {
      const { missing, malformed, refused, "insufficient-scope": insufficient } = allOf(denials)
      for (const denial of [missing, malformed, refused, insufficient]) {
        expect(challengeOf(denial)).toContain(`, resource_metadata="${resourceMetadata}"`)
      }
    }
  })
})
