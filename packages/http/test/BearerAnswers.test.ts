import { describe, expect, it } from "@effect/vitest"
import { BearerAnswers, type HttpAnswer } from "@tokenry/http"
import type { OwnerId, Refusal, TokenId } from "@tokenry/core"

const problemBase = "https://api.example.test/problems/"
const answers = BearerAnswers.make({ realm: "treasures", problemBase })

const tokenId = "01985c3e-7b5a-7cde-8f01-23456789abcd" as TokenId
const ownedBy = "user-1" as OwnerId

/** One refusal of each kind; a new kind makes this fail to compile. */
const refusals: { readonly [Tag in Refusal["_tag"]]: Refusal & { readonly _tag: Tag } } = {
  Malformed: { _tag: "Malformed", flaw: "WrongChecksum" },
  Unknown: { _tag: "Unknown" },
  Retired: { _tag: "Retired", tokenId, generation: 2 },
  Revoked: { _tag: "Revoked", tokenId, on: "ancestor" },
  Expired: { _tag: "Expired", tokenId, on: "token" },
  OwnerInactive: { _tag: "OwnerInactive", tokenId, ownedBy },
  InsufficientScope: {
    _tag: "InsufficientScope",
    tokenId,
    ownedBy,
    required: ["treasure:read", "treasure:edit"],
    missing: [{ scope: "treasure:edit", on: "owner" }],
  },
}

const challengeOf = ({ headers }: HttpAnswer) => headers["WWW-Authenticate"]

describe("BearerAnswers", () => {
  it("no credentials, or another scheme: 401 and no error code (RFC 6750 §3.1)", () => {
    for (const _tag of ["None", "OtherScheme"] as const) {
      const answer = answers.toCredentials({ _tag })
      expect(answer.status).toBe(401)
      expect(challengeOf(answer)).toBe('Bearer realm="treasures"')
    }
  })

  it.each(["SeveralHeaders", "NoScheme", "NoToken", "Comma", "NotToken68"] as const)(
    "credentials malformed as HTTP: 400 invalid_request, with the challenge (RFC 6750 §3.1): %s",
    (flaw) => {
      const answer = answers.toCredentials({ _tag: "Invalid", flaw })
      expect(answer.status).toBe(400)
      expect(challengeOf(answer)).toMatch(
        /^Bearer realm="treasures", error="invalid_request", error_description="[^"]+"$/,
      )
      expect(JSON.parse(answer.body)).toMatchObject({ type: `${problemBase}malformed-credentials`, status: 400 })
    },
  )

  it("a token that is too long is a refused token", () => {
    expect(answers.toCredentials({ _tag: "TooLong" })).toEqual(answers.toRefusal(refusals.Unknown))
  })

  it("all refusals but for scopes are one and the same answer: 401 invalid_token (RFC 6750 §3.1)", () => {
    const { InsufficientScope: _, ...others } = refusals
    const distinct = new Set(Object.values(others).map((refusal) => JSON.stringify(answers.toRefusal(refusal))))
    expect([...distinct].map((answer) => JSON.parse(answer))).toEqual([
      {
        status: 401,
        headers: {
          "Content-Type": "application/problem+json",
          "Cache-Control": "no-store",
          "WWW-Authenticate":
            'Bearer realm="treasures", error="invalid_token", error_description="The token is not accepted"',
          Vary: "Authorization",
        },
        body: JSON.stringify({
          type: `${problemBase}token-refused`,
          title: "The token is not accepted",
          status: 401,
        }),
      },
    ])
  })

  it("missing scopes: 403 insufficient_scope with what is required, not what is missing (RFC 6750 §3.1)", () => {
    const answer = answers.toRefusal(refusals.InsufficientScope)
    expect(answer.status).toBe(403)
    expect(challengeOf(answer)).toContain('error="insufficient_scope"')
    expect(challengeOf(answer)).toContain('scope="treasure:read treasure:edit"')
    expect(JSON.parse(answer.body)).toMatchObject({ scopes: ["treasure:read", "treasure:edit"] })
    expect(answer).toEqual(answers.insufficientScope(["treasure:read", "treasure:edit"]))
  })

  it("store unavailable: 503 with Retry-After, no challenge and no detail", () => {
    const { status, headers, body } = answers.storeUnavailable
    expect(status).toBe(503)
    expect(headers["Retry-After"]).toMatch(/^[1-9]\d*$/)
    expect(headers["WWW-Authenticate"]).toBeUndefined()
    expect(Object.keys(JSON.parse(body))).toEqual(["type", "title", "status"])
  })

  it("all are problem details, kept by no cache, and vary on Authorization (RFC 9110 §12.5.5, RFC 9457 §3)", () => {
    const all = [
      answers.toCredentials({ _tag: "None" }),
      answers.toCredentials({ _tag: "Invalid", flaw: "Comma" }),
      ...Object.values(refusals).map(answers.toRefusal),
      answers.storeUnavailable,
    ]
    for (const { status, headers, body } of all) {
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

  it("an illegal realm or base of problems is told when the answers are made", () => {
    expect(() => BearerAnswers.make({ realm: "a\nb", problemBase })).toThrow("realm")
    expect(() => BearerAnswers.make({ realm: "treasures", problemBase: "/problems/" })).toThrow("problemBase")
    expect(() => BearerAnswers.make({ realm: "treasures", problemBase: "https://a.test/problems" })).toThrow(
      "problemBase",
    )
  })
})

describe("BearerAnswers.makeForOAuth", () => {
  const oauth = BearerAnswers.makeForOAuth({ realm: "treasures" })

  it("has the same statuses and headers, and bodies in OAuth's format (RFC 6749 §5.2, RFC 7662 §2.3)", () => {
    const pairs = [
      [answers.toCredentials({ _tag: "None" }), oauth.toCredentials({ _tag: "None" }), "invalid_client"],
      [
        answers.toCredentials({ _tag: "Invalid", flaw: "Comma" }),
        oauth.toCredentials({ _tag: "Invalid", flaw: "Comma" }),
        "invalid_request",
      ],
      [answers.toRefusal(refusals.Unknown), oauth.toRefusal(refusals.Unknown), "invalid_token"],
      [
        answers.toRefusal(refusals.InsufficientScope),
        oauth.toRefusal(refusals.InsufficientScope),
        "insufficient_scope",
      ],
      [answers.storeUnavailable, oauth.storeUnavailable, "temporarily_unavailable"],
    ] as const
    for (const [problem, { status, headers, body }, error] of pairs) {
      expect(status).toBe(problem.status)
      expect(headers).toEqual({ ...problem.headers, "Content-Type": "application/json" })
      expect(JSON.parse(body)).toEqual({ error, error_description: expect.stringMatching(/^[A-Za-z, ]+$/) })
    }
  })
})

describe("the address of the resource's metadata", () => {
  it("is in every challenge, if there is one (RFC 9728 §5.1)", () => {
    const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
    const options = { realm: "treasures", problemBase, resourceMetadata }
    for (const { toCredentials, toRefusal } of [BearerAnswers.make(options), BearerAnswers.makeForOAuth(options)]) {
      for (const answer of [
        toCredentials({ _tag: "None" }),
        toCredentials({ _tag: "Invalid", flaw: "Comma" }),
        toRefusal(refusals.Unknown),
        toRefusal(refusals.InsufficientScope),
      ]) {
        expect(challengeOf(answer)).toContain(`, resource_metadata="${resourceMetadata}"`)
      }
    }
  })
})
