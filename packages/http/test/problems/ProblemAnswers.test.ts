import { describe, expect, it } from "@effect/vitest"
import {
  type ApiTokensError,
  DuplicateToken,
  ExpiryNotHeld,
  InactiveOwner,
  InvalidInput,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  RevisionMismatch,
  ScopeNotHeld,
  SecretNotActive,
  TokenNotFound,
  TokenNotLive,
} from "@tokenry/core"
import { httpErrorOf, ProblemAnswers, problemTypes, TokenryHttpError } from "@tokenry/http"

const problemBase = "https://api.example.test/problems#"
const answers = ProblemAnswers.make({ problemBase })
const occurrence = "7dd2fb37-b9ca-41c6-aae7-09a0c426b1dc"
const id = "01985c3e-7b5a-7cde-8f01-23456789abcd"

/** One error of each kind with its response; a new kind makes this fail to compile. */
const expected: {
  readonly [Tag in ApiTokensError["_tag"]]: [
    error: ApiTokensError & { readonly _tag: Tag },
    slug: string,
    problem: object,
    headers?: object,
  ]
} = {
  InvalidInput: [
    new InvalidInput({
      issues: [
        { path: ["scopes", "0"], message: "must be a string" },
        { path: [], message: "must be an object" },
      ],
    }),
    "invalid-input",
    {
      status: 400,
      errors: [
        { pointer: "#/scopes/0", detail: "must be a string" },
        { pointer: "#", detail: "must be an object" },
      ],
    },
  ],
  PolicyViolation: [
    new PolicyViolation({ issues: [{ path: ["expiresAt"], message: "must be in the future" }] }),
    "policy-violation",
    { status: 422, errors: [{ pointer: "#/expiresAt", detail: "must be in the future" }] },
  ],
  ScopeNotHeld: [
    new ScopeNotHeld({ scopes: ["a:b"], on: "owner" }),
    "scope-not-held",
    { status: 403, scopes: ["a:b"] },
  ],
  ExpiryNotHeld: [
    new ExpiryNotHeld({ field: "expiresIn", latest: new Date("2026-12-01T00:00:00Z") }),
    "expiry-not-held",
    {
      status: 403,
      errors: [{ pointer: "#/expiresIn", detail: "must not be later than 2026-12-01T00:00:00.000Z" }],
    },
  ],
  SecretNotActive: [new SecretNotActive({ tokenId: id }), "secret-not-active", { status: 403 }],
  InactiveOwner: [new InactiveOwner({ ownedBy: "user-1" }), "owner-inactive", { status: 403 }],
  TokenNotFound: [new TokenNotFound({ id }), "not-found", { status: 404 }],
  TokenNotLive: [
    new TokenNotLive({ id, state: "revoked" }),
    "token-not-live",
    { status: 409, detail: "The token is revoked" },
  ],
  RevisionConflict: [new RevisionConflict({ id }), "revision-conflict", { status: 409 }],
  RevisionMismatch: [new RevisionMismatch({ id }), "precondition-failed", { status: 412 }],
  DuplicateToken: [new DuplicateToken({ id }), "internal-error", { status: 500, instance: `urn:uuid:${occurrence}` }],
  RepositoryUnavailable: [
    new RepositoryUnavailable({ operation: "insert", cause: new Error("secret address of the store") }),
    "store-unavailable",
    { status: 503 },
    { "Retry-After": "5" },
  ],
}

describe("ProblemAnswers", () => {
  it.each(Object.entries(expected))(
    "%s is answered with its problem, and nothing else is revealed",
    (_tag, [error, slug, problem, headers = {}]) => {
      const answer = answers.ofError(error, occurrence)
      const { title } = problemTypes[slug as keyof typeof problemTypes]
      expect(JSON.parse(answer.body)).toEqual({ type: problemBase + slug, title, ...problem })
      expect(answer).toMatchObject({ status: JSON.parse(answer.body).status })
      expect(answer.headers).toEqual({
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
        ...headers,
      })
    },
  )

  it("someone else's token gets the same response as an unknown address", () => {
    expect(answers.ofError(new TokenNotFound({ id }), occurrence)).toEqual(answers.notFound)
  })

  it("a field's name is escaped in its pointer (RFC 6901 §3 and §6), even if it isn't valid Unicode", () => {
    const path = ["a/b", "c~d", "é %", "\ud800"]
    const { body } = answers.ofError(new InvalidInput({ issues: [{ path, message: "is unknown" }] }), occurrence)
    expect(JSON.parse(body).errors[0].pointer).toBe("#/a~1b/c~0d/%C3%A9%20%25/%EF%BF%BD")
  })

  it("a method that isn't allowed comes with those that are (RFC 9110 §15.5.6)", () => {
    expect(answers.methodNotAllowed(["GET", "HEAD"])).toMatchObject({ status: 405, headers: { Allow: "GET, HEAD" } })
    expect(answers.methodNotAllowed([])).toMatchObject({ headers: { Allow: "" } })
  })

  it.each([
    ["sessionRequired", 403, "session-required"],
    ["crossSiteRequest", 403, "cross-site-request"],
    ["notFound", 404, "not-found"],
    ["quotaExceeded", 409, "quota-exceeded"],
    ["idempotencyKeyReused", 422, "idempotency-key-reused"],
    ["contentTooLarge", 413, "content-too-large"],
    ["unsupportedMediaType", 415, "unsupported-media-type"],
    ["unreadableBody", 400, "unreadable-body"],
    ["storeUnavailable", 503, "store-unavailable"],
  ] as const)("%s is %i, a problem type of its own", (name, status, slug) => {
    const { body, ...answer } = answers[name]
    expect(answer.status).toBe(status)
    expect(JSON.parse(body)).toEqual({ type: problemBase + slug, title: problemTypes[slug].title, status })
  })

  it.each([
    ["idempotencyKeyInUse", "idempotency-key-in-use"],
    ["plaintextGone", "plaintext-gone"],
  ] as const)("%s is 409, and leads to what there is (RFC 9457 §3.2)", (name, slug) => {
    const { status, body } = answers[name]("/api/tokens/7")
    const { title } = problemTypes[slug]
    expect(JSON.parse(body)).toEqual({ type: problemBase + slug, title, status, resource: "/api/tokens/7" })
    expect(status).toBe(409)
  })

  it("an internal error reveals only an id (RFC 9457 §3.1.5)", () => {
    const problem = JSON.parse(answers.internalError(occurrence).body)
    expect(problem).toMatchObject({ status: 500, instance: `urn:uuid:${occurrence}` })
    expect(Object.keys(problem)).toEqual(["type", "title", "status", "instance"])
  })

  it("a status without further details is about:blank with its phrase (RFC 9457 §4.2.1)", () => {
    const { body } = answers.ofStatus(418, "I'm a Teapot", { detail: "short and stout" })
    expect(JSON.parse(body)).toEqual({
      type: "about:blank",
      title: "I'm a Teapot",
      status: 418,
      detail: "short and stout",
    })
  })

  it("a status with only one meaning has that problem type", () => {
    const { body } = answers.ofStatus(404, "Not Found", { detail: "no such treasure" })
    expect(JSON.parse(body)).toEqual({ ...JSON.parse(answers.notFound.body), detail: "no such treasure" })
  })
})

describe("problemTypes", () => {
  it("every slug is valid in a URL, and every type is explained", () => {
    for (const [slug, { status, title, explanation }] of Object.entries(problemTypes)) {
      expect(slug).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      expect(explanation).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe("httpErrorOf", () => {
  it.each(Object.entries(expected))("gives %s the status of its problem", (code, [error, , problem, headers = {}]) => {
    const { status } = problem as { readonly status: number }
    const converted = httpErrorOf(error)
    expect(converted).toBeInstanceOf(TokenryHttpError)
    expect(converted).toMatchObject({
      name: "TokenryHttpError",
      message: error.message,
      status,
      statusCode: status,
      expose: status < 500,
      headers,
      code,
      cause: error,
      issues: "issues" in error ? error.issues : [],
    })
  })

  it.each([
    ["a plain object with a tag of the core", { _tag: "TokenNotFound", id }],
    ["an error without a tag", new Error("TokenNotFound")],
    ["an error with a tag of the core and other fields", Object.assign(new Error("x"), { _tag: "InvalidInput" })],
    ["someone else's issues", Object.assign(new Error("x"), { _tag: "InvalidInput", issues: ["bad"] })],
    ["a tag that every object has", Object.assign(new Error("x"), { _tag: "constructor" })],
    ["an error with a status", Object.assign(new Error("x"), { status: 418 })],
    ["nothing", undefined],
  ])("leaves alone %s", (_what, value) => {
    expect(httpErrorOf(value)).toBe(value)
  })
})
