import { describe, expect, it } from "@effect/vitest"
import { clientAddress, type PolicyConsumption, rateLimitAddress, rateLimitFields } from "@tokenry/http"

const consumption: PolicyConsumption = {
  _tag: "Consumed",
  policy: "default",
  allowed: true,
  remaining: 99,
  resetSeconds: 50,
  limit: 100,
  windowSeconds: 60,
}

describe("rateLimitFields", () => {
  it("shows quota and window, what remains and until when (draft ratelimit-headers-10 §3 and §4)", () => {
    expect(rateLimitFields([consumption])).toEqual({
      "RateLimit-Policy": '"default";q=100;w=60',
      RateLimit: '"default";r=99;t=50',
    })
  })

  it("has a member for each limit, in order (RFC 9651 §3.1)", () => {
    const owner = { ...consumption, policy: "owner", limit: 500, remaining: 0 }
    expect(rateLimitFields([consumption, owner])).toEqual({
      "RateLimit-Policy": '"default";q=100;w=60, "owner";q=500;w=60',
      RateLimit: '"default";r=99;t=50, "owner";r=0;t=50',
    })
  })

  it("is nothing without a limit, since the fields can't be empty (RFC 9651 §3.1)", () => {
    expect(rateLimitFields([])).toEqual({})
  })

  it("escapes a String as required (RFC 9651 §3.3.3), and refuses characters it can't contain", () => {
    expect(rateLimitFields([{ ...consumption, policy: 'a"\\b' }])["RateLimit"]).toBe(String.raw`"a\"\\b";r=99;t=50`)
    for (const policy of ["a\r\nb", "ä"])
      expect(() => rateLimitFields([{ ...consumption, policy }])).toThrow("serialize")
  })
})

describe("rateLimitAddress", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::ffff", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["203.0.113.7:50000", "203.0.113.7"],
    ["[2001:db8::1]:443", "2001:db8:0:0::/64"],
    ["[2001:db8::1]", "2001:db8:0:0::/64"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:80", "192.0.2.1"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["fe80::2%tcp_anything", "fe80:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["no address", "no address"],
    ["", ""],
    [":".repeat(500), ":".repeat(64)],
    ["x".repeat(500), "x".repeat(64)],
  ])("of %j counts %j", (address, counted) => {
    expect(rateLimitAddress(address)).toBe(counted)
  })
})

describe("clientAddress", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["203.0.113.7:50000", "203.0.113.7"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:DB8:0:0::1]", "2001:db8::1"],
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:8080", "fe80::1"],
    ["::1", "::1"],
  ])("reads %j as %j", (text, address) => {
    expect(clientAddress(text)).toBe(address)
  })

  it.each([
    "",
    "unknown",
    "_hidden",
    "localhost:80",
    "192.0.2",
    "0300.0.2.1",
    "3221225985",
    "192.0.2.256",
    "192.0.2.1:port",
    "[192.0.2.1",
    "2001:db8::1::2",
    "tcp_token",
    ":".repeat(500),
    `::1%${"z".repeat(500)}`,
  ])("finds no address in %j", (text) => {
    expect(clientAddress(text)).toBeUndefined()
  })
})
