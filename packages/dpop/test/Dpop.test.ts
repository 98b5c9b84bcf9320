import { describe, expect, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { Dpop, type DpopOptions, MemoryReplays } from "@tokenry/dpop"
import type { PresentedProof } from "@tokenry/http"
import { exportJWK, SignJWT, UnsecuredJWT } from "jose"
import { accessToken, aKey, aProof, type Changes, now, url } from "./proofs.ts"

const baseUrl = "https://api.example.com"
const key = await aKey()
const other = await aKey()
const privateJwk = await exportJWK(key.privateKey)

const dpopOf = (options: Partial<DpopOptions> = {}) => Dpop.make({ baseUrl, now: () => now, ...options })

const asked = (proof: string, request: Partial<PresentedProof> = {}): PresentedProof => ({
  proofs: [proof],
  method: "GET",
  target: "/treasures?page=2",
  accessToken,
  ...request,
})

const errorOf = async (proof: string, request: Partial<PresentedProof> = {}, options: Partial<DpopOptions> = {}) => {
  const verdict = await dpopOf(options).verify(asked(proof, request))
  return verdict.valid ? "valid" : `${verdict.error}: ${verdict.description}`
}

describe("a proof", () => {
  it.each(["ES256", "Ed25519", "EdDSA"])("is accepted with %s, and gives the thumbprint of its key", async (alg) => {
    const key = await aKey(alg)
    expect(await dpopOf().verify(asked(await aProof(key)))).toMatchObject({ valid: true, thumbprint: key.thumbprint })
  })

  const seconds = now / 1000
  it.each<[what: string, changes: Changes, message: string]>([
    ["without jti", { claims: { jti: undefined } }, "jti"],
    ["with an empty jti", { claims: { jti: "" } }, "jti"],
    ["with a jti of 257 characters", { claims: { jti: "j".repeat(257) } }, "jti"],
    ["with a numeric jti", { claims: { jti: 7 } }, "jti"],
    ["without htm", { claims: { htm: undefined } }, "htm"],
    ["for another method", { claims: { htm: "POST" } }, "htm"],
    ["with the method in lower case", { claims: { htm: "get" } }, "htm"],
    ["without htu", { claims: { htu: undefined } }, "htu"],
    ["for another path", { claims: { htu: `${baseUrl}/treasures/1` } }, "htu"],
    ["for another host", { claims: { htu: "https://evil.example.com/treasures" } }, "htu"],
    ["for another scheme", { claims: { htu: "http://api.example.com/treasures" } }, "htu"],
    ["for a user of the host", { claims: { htu: "https://me@api.example.com/treasures" } }, "htu"],
    ["for a relative URL", { claims: { htu: "/treasures" } }, "htu"],
    ["for a list of URLs", { claims: { htu: [url] } }, "htu"],
    ["without iat", { claims: { iat: undefined } }, "iat"],
    ["with iat as text", { claims: { iat: "now" } }, "iat"],
    ["older than a minute", { claims: { iat: seconds - 66 } }, "too old"],
    ["from the future", { claims: { iat: seconds + 6 } }, "iat"],
    ["that has expired", { claims: { exp: seconds - 10 } }, "too old"],
    ["without ath", { claims: { ath: undefined } }, "ath"],
    ["for another token", { claims: { ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" } }, "ath"],
    ["with a shorter ath", { claims: { ath: "fUHy" } }, "ath"],
    ["with the type JWT", { header: { typ: "JWT" } }, "typ"],
    ["without a type", { header: { typ: undefined } }, "typ"],
    ["without a key", { header: { jwk: undefined } }, "signed"],
    ["with another key in its header", { header: { jwk: other.jwk } }, "signed"],
    ["with a key that isn't a point on the curve", { header: { jwk: { ...key.jwk, x: key.jwk.y } } }, "signed"],
    ["with a symmetric key", { header: { jwk: { kty: "oct", k: "c2VjcmV0" } } }, "signed"],
    ["with a list in place of the key", { header: { jwk: [key.jwk] } }, "signed"],
    ["with a private key", { header: { jwk: privateJwk } }, "signed"],
    ["signed with another key", { signedWith: other.privateKey }, "signed"],
  ])("is refused %s", async (_what, changes, message) => {
    const error = await errorOf(await aProof(key, changes))
    expect(error).toContain("invalid_dpop_proof: ")
    expect(error).toContain(message)
  })

  it("is refused with an unsigned, symmetric or unlisted algorithm", async () => {
    const claims = { jti: "1", htm: "GET", htu: url, iat: now / 1000 }
    const ES384 = await aKey("ES384")
    const header = { typ: "dpop+jwt", alg: "HS256", jwk: { kty: "oct", k: "c2VjcmV0" } }
    for (const proof of [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader(header).sign(new Uint8Array(32)),
      await aProof(ES384),
    ]) {
      expect(await errorOf(proof)).toMatch(/^invalid_dpop_proof: /)
    }
    expect(await errorOf(await aProof(ES384), {}, { algorithms: ["ES384"] })).toBe("valid")
    expect(await errorOf(await aProof(key), {}, { algorithms: ["ES384"] })).toMatch(/algs$/)
  })

  it.each(["", ".", "..", "a.b.c", "e30.e30.e30", "x".repeat(5000), `${"a".repeat(2000)}.${"b".repeat(2000)}.c`, "é"])(
    "is refused if it isn't a JWT: %s",
    async (proof) => {
      expect(await errorOf(proof)).toMatch(/^invalid_dpop_proof: /)
    },
  )

  it("is refused if it is missing or repeated", async () => {
    const proof = await aProof(key)
    expect(await errorOf(proof, { proofs: [] })).toBe("invalid_dpop_proof: The DPoP header is missing")
    expect(await errorOf(proof, { proofs: [proof, proof] })).toMatch(/more than one/)
    expect(await errorOf(proof, { proofs: [`${proof}, ${proof}`] })).toMatch(/^invalid_dpop_proof/)
  })

  it("may be off by the clock tolerance, and be as old as maxAge", async () => {
    for (const iat of [seconds + 5, seconds - 65])
      expect(await errorOf(await aProof(key, { claims: { iat } }))).toBe("valid")
    const strict = { maxAge: "2 seconds", clockTolerance: 0 } as const
    expect(await errorOf(await aProof(key, { claims: { iat: seconds - 2 } }), {}, strict)).toBe("valid")
    for (const iat of [seconds - 3, seconds + 1]) {
      expect(await errorOf(await aProof(key, { claims: { iat } }), {}, strict)).not.toBe("valid")
    }
  })

  it("needs no ath without an access token", async () => {
    expect(await errorOf(await aProof(key, { claims: { ath: undefined } }), { accessToken: undefined })).toBe("valid")
  })

  it("gets an error that repeats nothing it contains", async () => {
    for (const changes of [
      { claims: { htm: "SECRET" } },
      { header: { typ: "SECRET" } },
      { claims: { nbf: "SECRET" } },
    ]) {
      expect(await errorOf(await aProof(key, changes))).not.toContain("SECRET")
    }
  })
})

describe("use", () => {
  const valid = async (dpop: ReturnType<typeof dpopOf>, proof: string) => {
    const verdict = await dpop.verify(asked(proof))
    if (!verdict.valid) throw new Error(verdict.description)
    return verdict
  }

  it("accepts each proof once, even concurrently, and the same jti from another key", async () => {
    const dpop = dpopOf()
    const claims = { jti: "same" }
    const proof = await aProof(key, { claims })
    const uses = await Promise.all([valid(dpop, proof), valid(dpop, proof), valid(dpop, await aProof(key, { claims }))])
    const answers = await Promise.all(uses.map(({ use }) => use()))
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await (await valid(dpop, await aProof(other, { claims }))).use()).toBe(true)
  })

  it("remembers a proof until it is too old to be accepted, then forgets it", async () => {
    let time = now
    const dpop = dpopOf({ now: () => time, replays: MemoryReplays.make({ capacity: 1 }) })
    const iat = now / 1000 + 5
    expect(await (await valid(dpop, await aProof(key, { claims: { iat, jti: "1" } }))).use()).toBe(true)
    time = now + 69_999
    const again = await valid(dpop, await aProof(key, { claims: { iat, jti: "1" } }))
    expect(await again.use()).toBe(false)
    await expect((await valid(dpop, await aProof(key, { claims: { iat } }))).use()).rejects.toThrow("unavailable")
    time = now + 70_000
    expect(await (await valid(dpop, await aProof(key, { claims: { iat: iat + 60 } }))).use()).toBe(true)
  })

  it("is an outage if the store of used proofs fails", async () => {
    const cause = new Error("connection refused")
    const dpop = dpopOf({ replays: { use: () => Promise.reject(cause) } })
    const { use } = await valid(dpop, await aProof(key))
    await expect(use()).rejects.toMatchObject({ _tag: "RepositoryUnavailable", cause })
    await expect(use()).rejects.toBeInstanceOf(RepositoryUnavailable)
  })

  it("gives a shared store an id that contains nothing the client sent", async () => {
    const asked: Array<readonly [string, number, number]> = []
    const dpop = dpopOf({ replays: { use: (...of) => (asked.push(of), true) } })
    await (await valid(dpop, await aProof(key, { claims: { jti: "client's" } }))).use()
    expect(asked).toEqual([[expect.stringMatching(/^[\w-]{43}$/), now + 70_000, now]])
  })
})

describe("nonces", () => {
  const nonceSecret = new Uint8Array(32).fill(7)
  const nonceAt = async (time: number) => {
    const verdict = await dpopOf({ nonceSecret, now: () => time }).verify(asked(await aProof(key)))
    return verdict.nextNonce
  }

  it("are required, accepted for two periods, and renewed with the response", async () => {
    const nonce = await nonceAt(now)
    expect(nonce).toMatch(/^[\w-]{43}$/)
    const proof = await aProof(key, { claims: { nonce } })
    const verdictAt = (time: number, options: Partial<DpopOptions> = {}) =>
      dpopOf({ nonceSecret, now: () => time, ...options }).verify(asked(proof))
    expect(await verdictAt(now)).toMatchObject({ valid: true, nextNonce: undefined })
    const later = await verdictAt(now + 60_000)
    expect(later).toMatchObject({ valid: true, nextNonce: await nonceAt(now + 60_000) })
    expect(later.nextNonce).not.toBe(nonce)
    const nextNonce = await nonceAt(now + 120_000)
    expect(await verdictAt(now + 120_000)).toMatchObject({ valid: false, error: "use_dpop_nonce", nextNonce })
    expect(await verdictAt(now, { nonceSecret: new Uint8Array(32) })).toMatchObject({ error: "use_dpop_nonce" })
  })

  it("replace the client's clock", async () => {
    const nonce = await nonceAt(now)
    const proof = await aProof(key, { claims: { nonce, iat: 1 } })
    expect(await errorOf(proof, {}, { nonceSecret })).toBe("valid")
    expect(await errorOf(proof)).toMatch(/too old/)
  })

  it.each([undefined, "", "guessed", 7, ["a"]])("are refused if they aren't from the server: %j", async (nonce) => {
    expect(await errorOf(await aProof(key, { claims: { nonce } }), {}, { nonceSecret })).toMatch(/^use_dpop_nonce: /)
  })

  it("aren't issued for a proof that is wrong anyway", async () => {
    const verdict = await dpopOf({ nonceSecret }).verify(asked(await aProof(key, { claims: { htm: "PUT" } })))
    expect(verdict).toMatchObject({ error: "invalid_dpop_proof" })
    expect(verdict.nextNonce).toBeUndefined()
  })
})

describe("the URL", () => {
  it.each([
    ["/treasures", url],
    ["/treasures?a=1#b", `${url}?other=2#fragment`],
    ["/treasures", "HTTPS://API.example.com:443/./treasures"],
    ["/%7eme/%c3%a9", "https://api.example.com/~me/%C3%A9"],
    ["https://internal:8080/treasures?x", url],
    ["//evil.example.com/x", "https://api.example.com//evil.example.com/x"],
    ["/", "https://api.example.com"],
  ])("of the target %s is %s", async (target, htu) => {
    expect(await errorOf(await aProof(key, { claims: { htu } }), { target })).toBe("valid")
  })

  it.each([
    ["/treasures", "https://api.example.com/treasures/"],
    ["/treasures", "https://api.example.com/Treasures"],
    ["/treasures", "https://api.example.com:8443/treasures"],
    ["//evil.example.com/treasures", "https://evil.example.com/treasures"],
    ["@evil.example.com/", "https://api.example.com@evil.example.com/"],
    ["*", "https://api.example.com*"],
    ["a%2fb", "https://api.example.com/a%2fb"],
    ["/a%2fb", "https://api.example.com/a/b"],
    ["", baseUrl],
  ])("of the target %s is not %s", async (target, htu) => {
    expect(await errorOf(await aProof(key, { claims: { htu } }), { target })).toMatch(/htu/)
  })

  it("includes the path that a proxy strips", async () => {
    const proof = await aProof(key, { claims: { htu: "https://example.com/api/treasures" } })
    for (const baseUrl of ["https://example.com/api", "https://example.com/api/"]) {
      expect(await errorOf(proof, {}, { baseUrl })).toBe("valid")
    }
    expect(await errorOf(proof, {}, { baseUrl: "https://example.com" })).toMatch(/htu/)
  })
})

describe("options", () => {
  it.each<[what: string, options: object, message: string]>([
    ["no base URL", { baseUrl: undefined }, "baseUrl"],
    ["a base URL without a scheme", { baseUrl: "api.example.com" }, "baseUrl"],
    ["a base URL with a query", { baseUrl: "https://api.example.com/?a" }, "baseUrl"],
    ["a base URL with a password", { baseUrl: "https://a:b@api.example.com" }, "baseUrl"],
    ["a symmetric algorithm", { algorithms: ["HS256"] }, "algorithms"],
    ["no algorithm at all", { algorithms: [] }, "algorithms"],
    ["a short secret", { nonceSecret: new Uint8Array(31) }, "nonceSecret"],
    ["a lasting age", { maxAge: "2 hours" }, "maxAge"],
    ["a wide tolerance", { clockTolerance: "2 minutes" }, "clockTolerance"],
    ["a memory without use", { replays: {} }, "replays"],
    ["an unknown option", { origin: baseUrl }, "origin"],
  ])("throw, naming the option: %s", (_what, options, message) => {
    expect(() => dpopOf(options)).toThrow(message)
  })

  it("throw for a capacity that isn't a whole number of at least 1", () => {
    for (const capacity of [0, 1.5, Number.NaN]) expect(() => MemoryReplays.make({ capacity })).toThrow("capacity")
  })

  it("accept RSA keys of 2048 bits when asked to", async () => {
    const key = await aKey("PS256")
    expect(await errorOf(await aProof(key), {}, { algorithms: ["PS256"] })).toBe("valid")
  })
})
