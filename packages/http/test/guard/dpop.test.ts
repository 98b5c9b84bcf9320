/** Guards that check proofs. What a proof must say is tested in packages/dpop; how adapters answer, in tools/bearer-conformance. */
import { describe, expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import {
  type DpopVerifier,
  Guard,
  type GuardedRequest,
  Introspection,
  type PresentedProof,
  ProtectedResourceMetadata,
  type ProofVerdict,
  RateLimits,
  readBearer,
} from "@tokenry/http"
import { aRateLimiter } from "../rate-limits/aRateLimiter.ts"
import { formOf, openWorld, posting } from "../world.ts"

const key = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
const algorithms = ["ES256"]

/** Accepts every proof as one by `key`, unless the test says otherwise. */
const verifierThat = (verdict: Partial<ProofVerdict> = {}, options: Partial<DpopVerifier> = {}) => {
  const asked: Array<PresentedProof> = []
  const dpop: DpopVerifier = {
    algorithms,
    isRequired: false,
    verify: async (presented) => {
      asked.push(presented)
      return { valid: true, thumbprint: key, use: async () => true, ...verdict } as ProofVerdict
    },
    ...options,
  }
  return { dpop, asked }
}

const requestWith = (authorization: string, more: Partial<GuardedRequest> = {}): GuardedRequest => ({
  headerValues: (name) => ({ authorization: [authorization], dpop: ["a proof"] })[name] ?? [],
  method: "GET",
  target: "/treasures?page=2",
  ...more,
})

const guarding = async (verdict: Partial<ProofVerdict> = {}, limits?: RateLimits) => {
  const world = await openWorld()
  const { dpop, asked } = verifierThat(verdict)
  const guard = Guard.make({ tokens: world.tokens, realm: "treasures", dpop, limits })
  const { plaintext } = await world.issue({ boundTo: key })
  return { ...world, guard, asked, plaintext, bound: requestWith(`DPoP ${plaintext}`) }
}

const deniedFor = async (admission: ReturnType<Guard["admit"]>) => {
  const outcome = await admission
  if (outcome.admitted) throw new Error("The request is admitted")
  return outcome.denial
}

describe("a guard with dpop", () => {
  it("shows the proof's headers, method and target to the verifier, with the token", async () => {
    const { guard, asked, plaintext, bound } = await guarding()
    expect(await guard.admit(bound)).toMatchObject({ admitted: true, caller: { boundTo: key }, headers: {} })
    expect(asked).toEqual([{ proofs: ["a proof"], method: "GET", target: "/treasures?page=2", accessToken: plaintext }])
    expect(guard.vary).toBe("Authorization, DPoP")
  })

  it("neither verifies nor binds a token whose proof is refused", async () => {
    const flaw = { valid: false, error: "invalid_dpop_proof", description: "It is wrong" } as const
    const { guard, issue, tokens, store } = await guarding(flaw)
    const { plaintext, token } = await issue({ boundTo: "first-key" })
    store.asked.length = 0
    const denial = await deniedFor(guard.admit(requestWith(`DPoP ${plaintext}`)))
    expect(denial).toMatchObject({ reason: "proof-refused", status: 401, detail: "It is wrong" })
    expect(store.asked).toEqual([])
    expect(await tokens.find({ id: token.id, ownedBy: "user-1" })).toMatchObject({ boundTo: "first-key" })
  })

  it("marks a proof as used only if its token is accepted", async () => {
    let uses = 0
    const use = async () => (uses++, true)
    const { guard, bound } = await guarding({ use })
    await deniedFor(guard.admit(requestWith("DPoP unknown")))
    expect(uses).toBe(0)
    await guard.admit(bound)
    expect(uses).toBe(1)
  })

  it("refuses a replay, and answers 503 while the store of used proofs is down", async () => {
    const replayed = await guarding({ use: async () => false })
    const denial = await deniedFor(replayed.guard.admit(replayed.bound))
    expect(denial.headers["WWW-Authenticate"]).toContain('DPoP realm="treasures", error="invalid_dpop_proof"')
    const cause = new RepositoryUnavailable({ operation: "dpop.replays", cause: undefined })
    const away = await guarding({ use: () => Promise.reject(cause) })
    expect(await deniedFor(away.guard.admit(away.bound))).toMatchObject({ status: 503, cause })
  })

  it("passes on a new nonce, whatever the outcome", async () => {
    const { guard, bound } = await guarding({ nextNonce: "next" })
    expect(await guard.admit(bound)).toMatchObject({ admitted: true, headers: { "DPoP-Nonce": "next" } })
    for (const admission of [guard.admit(bound, ["treasure:edit"]), guard.admit(requestWith("DPoP unknown"))]) {
      expect((await deniedFor(admission)).headers["DPoP-Nonce"]).toBe("next")
    }
    const refusing = await guarding({ valid: false, error: "use_dpop_nonce", description: "no", nextNonce: "next" })
    expect((await deniedFor(refusing.guard.admit(refusing.bound))).headers["DPoP-Nonce"]).toBe("next")
  })

  it("names the scopes a bound caller lacks in a challenge for DPoP", async () => {
    const { guard, bound } = await guarding()
    const admission = await guard.admit(bound)
    if (!admission.admitted) throw new Error("The request is denied")
    expect(guard.authorize(admission.caller, ["treasure:edit"])?.headers["WWW-Authenticate"]).toMatch(
      /^DPoP realm="treasures", error="insufficient_scope", .*scope="treasure:edit", algs="ES256"$/,
    )
  })

  it("limits a bound caller like any other", async () => {
    const limiter = aRateLimiter(0)
    const limits = RateLimits.make({ perOwner: limiter, failedPerAddress: limiter, onError: () => {} })
    const { guard, bound } = await guarding({}, limits)
    for (const request of [bound, requestWith("DPoP unknown", { address: "192.0.2.1" })]) {
      expect(await deniedFor(guard.admit(request))).toMatchObject({ status: 429 })
    }
  })

  it("rejects if the application passes no method or target", async () => {
    const { guard, bound } = await guarding()
    for (const missing of [{ method: undefined }, { target: undefined }]) {
      await expect(guard.admit({ ...bound, ...missing })).rejects.toThrow("DPoP needs")
    }
  })

  it("without dpop treats the scheme like any unknown one", async () => {
    const { tokens, bound } = await guarding()
    const guard = Guard.make({ tokens, realm: "treasures" })
    const denial = await deniedFor(guard.admit(bound))
    expect(denial).toMatchObject({ reason: "missing", headers: { "WWW-Authenticate": 'Bearer realm="treasures"' } })
  })

  it("throws for a dpop that can't check proofs", async () => {
    const { tokens } = await openWorld()
    for (const dpop of [null, {}, tokens, { verify: () => {} }]) {
      expect(() => Guard.make({ tokens, realm: "treasures", dpop: dpop as never })).toThrow("dpop")
      expect(() =>
        ProtectedResourceMetadata.make({ resource: "https://a.test", scopes: [], dpop: dpop as never }),
      ).toThrow("dpop")
    }
  })
})

it("the scheme DPoP is read only if asked for, with the same grammar as Bearer (RFC 9449 §7.1)", () => {
  const read = (value: string) => readBearer([value], "Bearer or DPoP")
  expect(read("dPoP   a.b==")).toEqual({ _tag: "DPoP", token: "a.b==" })
  expect(read("Bearer abc")).toEqual({ _tag: "Bearer", token: "abc" })
  expect(read("DPoP")).toEqual({ _tag: "Invalid", flaw: "NoToken" })
  expect(read("DPoP a, b")).toEqual({ _tag: "Invalid", flaw: "Comma" })
  expect(read('DPoP "a"')).toEqual({ _tag: "Invalid", flaw: "NotToken68" })
  expect(read(`DPoP ${"a".repeat(5000)}`)).toEqual({ _tag: "TooLong" })
  expect(read("DPoPabc")).toEqual({ _tag: "OtherScheme" })
  expect(readBearer(["DPoP abc"])).toEqual({ _tag: "OtherScheme" })
})

it("the metadata says which proofs are accepted, and whether they are required (RFC 9728 §2)", () => {
  const documentOf = (dpop: DpopVerifier) =>
    JSON.parse(ProtectedResourceMetadata.make({ resource: "https://a.test", scopes: [], dpop }).answer.body) as unknown
  expect(documentOf(verifierThat().dpop)).toMatchObject({ dpop_signing_alg_values_supported: ["ES256"] })
  expect(documentOf(verifierThat().dpop)).not.toHaveProperty("dpop_bound_access_tokens_required")
  expect(documentOf(verifierThat({}, { isRequired: true }).dpop)).toMatchObject({
    dpop_bound_access_tokens_required: true,
  })
})

describe("introspection", () => {
  it("shows the key of a bound token, and calls an unbound first-key token inactive (RFC 9449 §6.2)", async () => {
    const { tokens, issue } = await openWorld()
    const { answerTo } = Introspection.make({ tokens, realm: "treasures" })
    const authorization = `Bearer ${(await issue()).plaintext}`
    const ask = async (boundTo: string) => {
      const { plaintext } = await issue({ boundTo })
      return JSON.parse((await answerTo(posting(formOf(plaintext), { authorization }))).answer.body) as unknown
    }
    expect(await ask(key)).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt: key } })
    expect(await ask("first-key")).toEqual({ active: false })
  })

  it("also authenticates a caller with a proof", async () => {
    const { tokens, issue } = await openWorld()
    const { plaintext } = await issue({ boundTo: key })
    const { dpop, asked } = verifierThat()
    const { answerTo } = Introspection.make({ tokens, realm: "treasures", dpop })
    const target = "/oauth/introspect"
    const request = posting(formOf(plaintext), { authorization: `DPoP ${plaintext}`, target })
    expect(JSON.parse((await answerTo(request)).answer.body)).toMatchObject({ active: true })
    expect(asked).toMatchObject([{ method: "POST", target }])
  })
})
