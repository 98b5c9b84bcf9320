import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { type Refusal, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import type { OwnerId, TokenId } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { Guard, type GuardOptions, type RateLimiter, RateLimits } from "@tokenry/http"
import { aRateLimiter } from "../rate-limits/aRateLimiter.ts"
import { openWorld } from "../world.ts"
import { aGuard, requestWith, type Scope, tokensThat } from "./aGuard.ts"

const tokenId = "01985c3e-7b5a-7cde-8f01-23456789abcd" as TokenId
const ownedBy = "user-1" as OwnerId

/** A guard of real tokens, and a request with one of them that grants these scopes. */
const guarding = async (options: Partial<GuardOptions<Scope>> = {}) => {
  const world = await openWorld()
  const guard = Guard.make({ tokens: world.tokens, realm: "treasures", ...options })
  const withToken = async (...scopes: ReadonlyArray<string>) => {
    const { plaintext } = await world.issue({ scopes })
    return requestWith({ authorization: [`Bearer ${plaintext}`] }, "192.0.2.1")
  }
  return { ...world, guard, withToken }
}

const limitsOf = (options: Omit<Parameters<typeof RateLimits.make>[0], "onError">) =>
  RateLimits.make({ ...options, onError: () => {} })

const outcomeOf = (admission: Awaited<ReturnType<Guard["admit"]>>) =>
  admission.admitted ? "admitted" : admission.denial.reason

describe("admit", () => {
  it("returns the caller", async () => {
    const { guard, withToken } = await guarding()
    const admission = await guard.admit(await withToken("treasure:edit"), ["treasure:read"])
    expect(admission).toMatchObject({
      admitted: true,
      caller: { ownedBy: "user-1", scopes: ["treasure:edit", "treasure:read"] },
      headers: {},
    })
  })

  it("reads the address only for a refused token, since some frameworks compute it", async () => {
    const limits = limitsOf({ failedPerAddress: aRateLimiter(100) })
    const { guard, withToken } = await guarding({ limits })
    const { headerValues } = await withToken("treasure:read")
    let reads = 0
    const counting = (values: typeof headerValues) => ({
      headerValues: values,
      get address() {
        reads += 1
        return "192.0.2.1"
      },
    })
    expect(outcomeOf(await guard.admit(counting(headerValues)))).toBe("admitted")
    expect(reads).toBe(0)
    expect(outcomeOf(await guard.admit(counting(() => ["Bearer unknown"])))).toBe("refused")
    expect(reads).toBe(1)
  })

  it.each<[what: string, lines: ReadonlyArray<string>, reason: string]>([
    ["no credentials", [], "missing"],
    ["another scheme", ["Basic abc"], "missing"],
    ["another scheme with parameters and commas", ['Digest username="a, b", realm="c"'], "missing"],
    ["two lines", ["Basic abc", "Bearer abc"], "malformed"],
    ["two lines, joined by a framework", ["Basic abc, Bearer abc"], "malformed"],
    ["a token beyond any length", [`Bearer ${"a".repeat(5000)}`], "refused"],
  ])("verifies nothing for %s", async (_what, authorization, reason) => {
    const limiter = aRateLimiter(0)
    const limits = limitsOf({ perToken: limiter, perOwner: limiter, failedPerAddress: limiter })
    const guard = aGuard({ limits, tokens: tokensThat(() => Promise.reject(new Error("verified"))) })
    expect(outcomeOf(await guard.admit(requestWith({ authorization })))).toBe(reason)
    expect(limiter.asked.size).toBe(0)
  })

  const alike: ReadonlyArray<Exclude<Refusal, { _tag: "InsufficientScope" }>> = [
    { _tag: "Malformed", flaw: "WrongPrefix" },
    { _tag: "Malformed", flaw: "WrongChecksum" },
    { _tag: "Unknown" },
    { _tag: "Retired", tokenId, generation: 1 },
    { _tag: "Revoked", tokenId, on: "token" },
    { _tag: "Revoked", tokenId, on: "ancestor" },
    { _tag: "Expired", tokenId, on: "token" },
    { _tag: "Expired", tokenId, on: "ancestor" },
    { _tag: "OwnerInactive", tokenId, ownedBy },
  ]

  it("denies every kind of refusal with the same bytes (RFC 6750 §3.1)", async () => {
    const denials = new Set<string>()
    for (const refusal of alike) {
      const guard = aGuard({ tokens: tokensThat(async () => ({ accepted: false, refusal })) })
      const admission = await guard.admit(requestWith({ authorization: ["Bearer abc"] }), ["treasure:read"])
      expect(outcomeOf(admission)).toBe("refused")
      denials.add(JSON.stringify(admission))
    }
    expect(denials.size).toBe(1)
  })

  it("names the required scopes to a client it doesn't know", async () => {
    const { guard } = await guarding()
    for (const lines of [{}, { authorization: ["Bearer abc"] }] as const) {
      const admission = await guard.admit(requestWith(lines), ["treasure:read"])
      const challenge = expect.stringMatching(/, scope="treasure:read"$/)
      expect(admission).toMatchObject({ denial: { status: 401, headers: { "WWW-Authenticate": challenge } } })
    }
  })

  it("denies a caller who lacks a scope, and names every required scope", async () => {
    const { guard, withToken } = await guarding()
    const admission = await guard.admit(await withToken("treasure:read"), ["treasure:read", "treasure:edit"])
    expect(admission).toMatchObject({
      denial: { reason: "insufficient-scope", status: 403, scopes: ["treasure:read", "treasure:edit"] },
    })
  })

  it("denies during a store outage, with the cause, and never claims that the token is refused", async () => {
    const { guard, withToken, store } = await guarding()
    const request = await withToken()
    store.isAway = true
    const admission = await guard.admit(request)
    expect(admission).toMatchObject({
      denial: { reason: "unavailable", status: 503, cause: expect.any(RepositoryUnavailable) },
    })
  })

  it.each([new TypeError("A bug"), new RevisionConflict({ id: "x" }), "no error at all"])(
    "rejects with any other error: %s",
    async (thrown) => {
      const guard = aGuard({ tokens: tokensThat(() => Promise.reject(thrown)) })
      await expect(guard.admit(requestWith({ authorization: ["Bearer abc"] }))).rejects.toBe(thrown)
    },
  )
})

describe("from: { header }", () => {
  it.each<[what: string, key: ReadonlyArray<string>, authorization: ReadonlyArray<string>, outcome: string]>([
    ["a token in the other header", ["T"], [], "admitted"],
    ["blanks around it", [" \tT "], [], "admitted"],
    ["a token in Authorization", [], ["Bearer T"], "admitted"],
    ["nothing", [], [], "missing"],
    ["another scheme in Authorization", [], ["Basic abc"], "missing"],
    ["an unknown token", ["tok_1"], [], "refused"],
    ["a value beyond any token's length", ["a".repeat(4097)], [], "refused"],
    ["a token in both", ["T"], ["Bearer T"], "malformed"],
    ["a good token beside a foreign Authorization", ["T"], ["Basic abc"], "malformed"],
    ["a good token beside a malformed Authorization", ["T"], ["Bearer"], "malformed"],
    ["a good token beside an empty Authorization", ["T"], [""], "malformed"],
    ["an empty header beside a good Authorization", [""], ["Bearer T"], "malformed"],
    ["two lines", ["T", "T"], [], "malformed"],
    ["two lines, joined by a framework", ["T, T"], [], "malformed"],
    ["an empty value", [" "], [], "malformed"],
    ["a scheme before the token", ["Bearer T"], [], "malformed"],
    ["characters that no token has", ["tök"], [], "malformed"],
  ])("%s", async (_what, key, authorization, outcome) => {
    const { guard, issue } = await guarding({ from: { header: "X-API-Key" } })
    const { plaintext } = await issue()
    const sent = (values: ReadonlyArray<string>) => values.map((value) => value.replaceAll(/\bT\b/g, plaintext))
    const lines = { "x-api-key": sent(key), authorization: sent(authorization) }
    const admission = await guard.admit(requestWith(lines))
    expect(outcomeOf(admission)).toBe(outcome)
    expect(JSON.stringify(admission)).not.toContain(plaintext)
  })

  it("isn't read unless it is configured", async () => {
    const { guard, issue } = await guarding()
    const { plaintext } = await issue()
    expect(outcomeOf(await guard.admit(requestWith({ "x-api-key": [plaintext] })))).toBe("missing")
    expect(guard.vary).toBe("Authorization")
  })

  it.each(["Authorization", "cookie", "Proxy-Authorization", "Host"])("can't be %s", (header) => {
    expect(() => aGuard({ from: { header } })).toThrow(`from.header can't be ${header}`)
  })

  it.each([{ header: "X API Key" }, { header: "" }, { header: 7 }, {}, { headers: "X-API-Key" }])(
    "has to be a header's name: %j",
    (from) => {
      expect(() => aGuard({ from: from as { header: string } })).toThrow("header")
    },
  )
})

describe("limits", () => {
  it("put their fields on admitted requests, and on denials for missing scopes", async () => {
    const { guard, withToken } = await guarding({ limits: limitsOf({ perToken: aRateLimiter(5) }) })
    const request = await withToken("treasure:read")
    expect(await guard.admit(request)).toMatchObject({ admitted: true, headers: { RateLimit: '"default";r=4;t=60' } })
    expect(await guard.admit(request, ["treasure:edit"])).toMatchObject({
      denial: {
        status: 403,
        headers: { RateLimit: '"default";r=3;t=60', "WWW-Authenticate": expect.stringContaining("insufficient_scope") },
      },
    })
  })

  it("deny one request too many with 429, before checking its scopes", async () => {
    const { guard, withToken } = await guarding({ limits: limitsOf({ perToken: aRateLimiter(1) }) })
    const request = await withToken("treasure:read")
    await guard.admit(request)
    expect(await guard.admit(request, ["treasure:edit"])).toMatchObject({
      denial: { reason: "rate-limited", status: 429, headers: { "Retry-After": "60", Vary: "Authorization" } },
    })
  })

  it("on failed attempts answer new wrong tokens with the same 429 instead of 401", async () => {
    const { guard, dead } = await guarding({ limits: limitsOf({ failedPerAddress: aRateLimiter(1) }) })
    const admit = (token: string) => guard.admit(requestWith({ authorization: [`Bearer ${token}`] }, "192.0.2.1"))
    const { malformed: _, ...plaintexts } = await dead()
    expect(outcomeOf(await admit("tok_first"))).toBe("refused")
    const denials = await Promise.all(Object.values(plaintexts).map(admit))
    expect(new Set(denials.map((denial) => JSON.stringify(denial))).size).toBe(1)
    expect(denials[0]).toMatchObject({ denial: { reason: "rate-limited", status: 429 } })
    expect(outcomeOf(await admit("tok_first"))).toBe("refused")
  })

  it("deny with 503 during their own outage if so configured, with the cause", async () => {
    const cause = new Error("The limiter is down")
    const down: RateLimiter = { consume: async () => ({ _tag: "Unavailable", cause }) }
    const { guard, withToken } = await guarding({
      limits: limitsOf({ perToken: down, failedPerAddress: down, whenUnavailable: "refuse" }),
    })
    for (const request of [await withToken(), requestWith({ authorization: ["Bearer tok_a"] }, "192.0.2.1")]) {
      expect(await guard.admit(request)).toMatchObject({ denial: { reason: "unavailable", status: 503, cause } })
    }
  })
})

describe("authorize", () => {
  it("is undefined for a caller with all of the scopes, and the denial of `admit` for one without", async () => {
    const { guard, withToken } = await guarding()
    const admission = await guard.admit(await withToken("treasure:read"))
    if (!admission.admitted) throw new Error("The token is not accepted")
    expectTypeOf(admission.caller).toExtend<Caller>()
    expect(guard.authorize(admission.caller, ["treasure:read"])).toBeUndefined()
    const denied = await guard.admit(await withToken("treasure:read"), ["treasure:edit"])
    expect({ admitted: false, denial: guard.authorize(admission.caller, ["treasure:edit"]) }).toEqual(denied)
  })
})

describe("assertRequirable", () => {
  const { assertRequirable } = aGuard()

  it("accepts declared scopes", () => {
    expect(() => assertRequirable("GET /treasures", ["treasure:read", "treasure:edit"])).not.toThrow()
  })

  it.each<[scopes: ReadonlyArray<unknown>, message: string]>([
    [[], "GET /treasures: name at least one scope"],
    [["treasure:raed"], 'GET /treasures: "treasure:raed" must be a declared scope; did you mean treasure:read?'],
    [["treasure:read", "elsewhere"], 'GET /treasures: "elsewhere" must be a declared scope'],
    [["treasure read"], '"treasure read" must be a declared scope'],
    [[["treasure:read"]], "GET /treasures: each scope must be a string"],
  ])("names the route and the scope: %j", (scopes, message) => {
    expect(() => assertRequirable("GET /treasures", scopes as ReadonlyArray<string>)).toThrow(message)
  })
})

it("an invalid realm or problem base is an error when the guard is made", () => {
  expect(() => aGuard({ realm: "a\nb" })).toThrow("realm")
  expect(() => aGuard({ problemBase: "/problems/" })).toThrow("problemBase")
  expect(() => aGuard({ problemBase: "https://a.test/problems" })).toThrow("problemBase")
})
