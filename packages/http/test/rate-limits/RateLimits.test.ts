import { scrypt } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { RateLimits, type RateLimitsOptions, type RateLimitVerdict } from "@tokenry/http"
import { aRateLimiter } from "./aRateLimiter.ts"

const withLimits = (options: Partial<RateLimitsOptions>) => {
  const errors: Array<unknown> = []
  const limits = RateLimits.make({ onError: (cause) => errors.push(cause), ...options })
  return { ...limits, errors }
}

const caller = (tokenId: string, ownedBy = "user-1") => ({ tokenId, ownedBy })

const statusOf = (verdict: RateLimitVerdict) => (verdict.allowed ? "allowed" : verdict.reason)

describe("an accepted token", () => {
  it("beyond its limit is refused, with Retry-After (RFC 6585 §4)", async () => {
    const limits = withLimits({ perToken: aRateLimiter(1) })
    expect(await limits.ofCaller(caller("a"))).toEqual({
      allowed: true,
      headers: { "RateLimit-Policy": '"default";q=1;w=60', RateLimit: '"default";r=0;t=60' },
    })
    expect(await limits.ofCaller(caller("a"))).toEqual({
      allowed: false,
      reason: "rate-limited",
      headers: { "Retry-After": "60", "RateLimit-Policy": '"default";q=1;w=60', RateLimit: '"default";r=0;t=60' },
    })
  })

  it("is allowed again after Retry-After", async () => {
    const perToken = aRateLimiter(1, 7)
    const limits = withLimits({ perToken })
    await limits.ofCaller(caller("a"))
    perToken.pass(3)
    const refused = await limits.ofCaller(caller("a"))
    expect(refused).toMatchObject({ headers: { "Retry-After": "4" } })
    perToken.pass(4)
    expect(statusOf(await limits.ofCaller(caller("a")))).toBe("allowed")
  })

  it("has a limit of its own, and shares its owner's with all of the owner's tokens", async () => {
    const limits = withLimits({ perToken: aRateLimiter(2), perOwner: aRateLimiter(3) })
    const statuses: Array<unknown> = []
    for (const tokenId of ["a", "a", "b", "b"]) statuses.push(statusOf(await limits.ofCaller(caller(tokenId))))
    expect(statuses).toEqual(["allowed", "allowed", "allowed", "rate-limited"])
    expect(await limits.ofCaller(caller("c", "user-2"))).toMatchObject({
      headers: { RateLimit: '"default";r=1;t=60, "owner";r=2;t=60' },
    })
  })

  it("doesn't use up its owner's limit when its own limit stops it", async () => {
    const perOwner = aRateLimiter(10)
    const limits = withLimits({ perToken: aRateLimiter(1), perOwner })
    for (let attempt = 0; attempt < 5; attempt++) await limits.ofCaller(caller("a"))
    expect(perOwner.asked.get("owner:user-1")).toBe(1)
  })

  it("has no limit, and no fields, without a limiter", async () => {
    expect(await withLimits({}).ofCaller(caller("a"))).toEqual({ allowed: true, headers: {} })
    expect(await withLimits({}).ofRefusal("192.0.2.1", "tok_a")).toEqual({ allowed: true, headers: {} })
  })
})

describe("a refused token", () => {
  it("costs its address one attempt a minute, however often it is sent", async () => {
    let milliseconds = 0
    const failedPerAddress = aRateLimiter(2)
    const limits = withLimits({ failedPerAddress, now: () => milliseconds })
    const poll = () => Promise.all(Array.from({ length: 50 }, () => limits.ofRefusal("192.0.2.1", "tok_dead")))
    expect((await poll()).map(statusOf)).toEqual(Array.from({ length: 50 }, () => "allowed"))
    expect(failedPerAddress.asked).toEqual(new Map([["address:192.0.2.1", 1]]))
    milliseconds += 59_999
    await poll()
    expect(failedPerAddress.asked.get("address:192.0.2.1")).toBe(1)
    milliseconds += 1
    await poll()
    expect(failedPerAddress.asked.get("address:192.0.2.1")).toBe(2)
  })

  it("gets 429 instead of 401 if too many others were refused, unless it was refused there before", async () => {
    const failedPerAddress = aRateLimiter(2)
    const limits = withLimits({ failedPerAddress })
    const statuses: Array<unknown> = []
    for (const token of ["a", "b", "c", "c", "a", "b"]) {
      statuses.push(statusOf(await limits.ofRefusal("192.0.2.1", `tok_${token}`)))
    }
    expect(statuses).toEqual(["allowed", "allowed", "rate-limited", "rate-limited", "allowed", "allowed"])
    expect(statusOf(await limits.ofRefusal("192.0.2.2", "tok_c"))).toBe("allowed")
    failedPerAddress.pass(60)
    expect(statusOf(await limits.ofRefusal("192.0.2.1", "tok_c"))).toBe("allowed")
  })

  it("counts for the whole IPv6 network of a client", async () => {
    const limits = withLimits({ failedPerAddress: aRateLimiter(1) })
    expect(statusOf(await limits.ofRefusal("2001:db8::1", "tok_a"))).toBe("allowed")
    expect(statusOf(await limits.ofRefusal("2001:db8::2", "tok_b"))).toBe("rate-limited")
    expect(statusOf(await limits.ofRefusal("2001:db8:0:1::1", "tok_b"))).toBe("allowed")
  })

  it("is not remembered beyond the capacity", async () => {
    const failedPerAddress = aRateLimiter(100)
    const limits = withLimits({ failedPerAddress, capacity: 2 })
    for (const token of ["a", "b", "c", "b", "c", "a"]) await limits.ofRefusal("192.0.2.1", `tok_${token}`)
    expect(failedPerAddress.asked.get("address:192.0.2.1")).toBe(4)
  })

  it("never appears in a key", async () => {
    const failedPerAddress = aRateLimiter(1)
    await withLimits({ failedPerAddress }).ofRefusal("192.0.2.1", "tok_secret")
    expect([...failedPerAddress.asked.keys()]).toEqual(["address:192.0.2.1"])
  })

  it("doesn't wait for a thread pool that is busy hashing passwords", async () => {
    let hashed = 0
    const hashing = Array.from({ length: 8 }, () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      scrypt("password", "salt", 32, { N: 2 ** 14 }, () => {
        hashed++
        resolve()
      })
      return promise
    })
    await withLimits({ failedPerAddress: aRateLimiter(1) }).ofRefusal("192.0.2.1", "tok_a")
    expect(hashed).toBe(0)
    await Promise.all(hashing)
  })

  it("doesn't reveal its address's quota until none is left", async () => {
    const limits = withLimits({ failedPerAddress: aRateLimiter(1) })
    expect(await limits.ofRefusal("192.0.2.1", "tok_a")).toEqual({ allowed: true, headers: {} })
    expect(await limits.ofRefusal("192.0.2.1", "tok_b")).toMatchObject({
      reason: "rate-limited",
      headers: { "Retry-After": "60", RateLimit: '"failed";r=0;t=60' },
    })
  })
})

describe("an address", () => {
  it("is only needed for the limit on failed attempts", () => {
    expect(withLimits({ failedPerAddress: aRateLimiter(1) }).needsAddress).toBe(true)
    expect(withLimits({ perToken: aRateLimiter(1) }).needsAddress).toBe(false)
  })

  it("that is missing where it is needed is an application error that says so", async () => {
    const limits = withLimits({ failedPerAddress: aRateLimiter(1) })
    await expect(limits.ofRefusal(undefined, "tok_a")).rejects.toThrow(
      "failedPerAddress needs the address of each request",
    )
  })
})

describe("a limiter that is down", () => {
  it("allows all requests, and reports each outage once", async () => {
    const perToken = aRateLimiter(1)
    const perOwner = aRateLimiter(100)
    const limits = withLimits({ perToken, perOwner })
    perToken.isDown = true
    for (let request = 0; request < 3; request++) {
      expect(await limits.ofCaller(caller("a"))).toMatchObject({
        allowed: true,
        headers: { "RateLimit-Policy": '"owner";q=100;w=60' },
      })
    }
    expect(limits.errors).toEqual([new Error("The limiter is down")])
    perToken.isDown = false
    await limits.ofCaller(caller("a"))
    perToken.isDown = true
    await limits.ofCaller(caller("a"))
    expect(limits.errors).toHaveLength(2)
  })

  it("refuses all requests if so configured, and says why", async () => {
    const limiter = aRateLimiter(1)
    limiter.isDown = true
    const limits = withLimits({ perToken: limiter, failedPerAddress: limiter, whenUnavailable: "refuse" })
    for (const verdict of [await limits.ofCaller(caller("a")), await limits.ofRefusal("192.0.2.1", "tok_a")]) {
      expect(verdict).toEqual({
        allowed: false,
        reason: "unavailable",
        headers: {},
        cause: new Error("The limiter is down"),
      })
    }
    expect(limits.errors).toHaveLength(1)
  })

  it("counts as down if it throws", async () => {
    const perToken = { consume: () => Promise.reject(new Error("A bug")) }
    const limits = withLimits({ perToken })
    expect(statusOf(await limits.ofCaller(caller("a")))).toBe("allowed")
    expect(limits.errors).toEqual([new Error("A bug")])
  })
})

describe("your own limits", () => {
  it("are checked in order, stopping at the first one exceeded", async () => {
    const [first, second] = [aRateLimiter(1), aRateLimiter(5)]
    const claims = [
      { limiter: first, key: "x", policy: "burst" },
      { limiter: second, key: "x", policy: "daily" },
    ]
    const limits = withLimits({})
    expect(await limits.of(claims)).toMatchObject({ headers: { RateLimit: '"burst";r=0;t=60, "daily";r=4;t=60' } })
    expect(statusOf(await limits.of(claims))).toBe("rate-limited")
    expect(second.asked.get("x")).toBe(1)
  })
})
