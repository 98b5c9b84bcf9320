import { describe, expect, it } from "vitest"
import { readConfiguration, warningAbout } from "../src/Configuration.ts"

describe("fixtures", () => {
  const load = (environment: Record<string, string>) => readConfiguration(environment).loadsFixtures

  it.each([
    {},
    { HOST: "localhost" },
    { HOST: "127.1.2.3" },
    { HOST: "::1" },
    { PUBLIC_URL: "http://localhost:3000" },
    { PUBLIC_URL: "http://[::1]:3000" },
    { TRUSTED_PROXIES: "0" },
    { HOST: "0.0.0.0", FIXTURES: "1" },
    { PUBLIC_URL: "https://treasures.example.com", TRUSTED_PROXIES: "1", FIXTURES: "1" },
  ])("load with %j", (environment) => {
    expect(load(environment)).toBe(true)
  })

  it.each([
    { HOST: "0.0.0.0" },
    { HOST: "192.0.2.1" },
    { HOST: "localhost.example.com" },
    { PUBLIC_URL: "https://treasures.example.com" },
    { PUBLIC_URL: "http://127.0.0.1.example.com" },
    { TRUSTED_PROXIES: "1" },
    { PUBLIC_URL: "http://localhost:3000", TRUSTED_PROXIES: "2" },
    { FIXTURES: "0" },
  ])("don't load with %j", (environment) => {
    expect(load(environment)).toBe(false)
  })
})

it.each([["0.0.0.0"], ["::"]])("HOST %s without PUBLIC_URL is warned of, since nobody could sign in", (HOST) => {
  expect(warningAbout(readConfiguration({ HOST }))).toMatch(/^HOST \S+ listens on every address, .* Set PUBLIC_URL/)
  expect(warningAbout(readConfiguration({ HOST, PUBLIC_URL: "https://treasures.example.com" }))).toBeUndefined()
})

it("there is no warning by default", () => {
  expect(warningAbout(readConfiguration({}))).toBeUndefined()
})

it("connections outlive a load balancer's idle time by default", () => {
  expect(readConfiguration({})).toMatchObject({ keepAliveSeconds: 65, drainSeconds: 0 })
  expect(readConfiguration({ KEEP_ALIVE_SECONDS: "620", DRAIN_SECONDS: "10" })).toMatchObject({
    keepAliveSeconds: 620,
    drainSeconds: 10,
  })
})

it("dead tokens are purged after 90 days unless something else is configured", () => {
  expect(readConfiguration({}).sweeps).toEqual({ every: "1 hour", purgeDeadFor: "90 days" })
  expect(readConfiguration({ PURGE_AFTER_DAYS: "7" }).sweeps).toMatchObject({ purgeDeadFor: "7 days" })
  expect(readConfiguration({ PURGE_AFTER_DAYS: "off" }).sweeps).toBeUndefined()
})

it.each([
  [{ KEEP_ALIVE_SECONDS: "0" }, /^KEEP_ALIVE_SECONDS must be a number of seconds from 1 to 900/],
  [{ DRAIN_SECONDS: "-1" }, /^DRAIN_SECONDS must be a number of seconds from 0 to 900, but is "-1"/],
  [{ DRAIN_SECONDS: "1m" }, /^DRAIN_SECONDS must be/],
  [
    { PURGE_AFTER_DAYS: "90 days" },
    /^PURGE_AFTER_DAYS must be a number of days from 0 to 9999, or off, but is "90 days"/,
  ],
  [{ STORE_URL: "./treasures.sqlite" }, /^STORE_URL must be .*for the file \.\/treasures\.sqlite, write sqlite:\.\/tr/],
])("%j is refused with what to write", (environment, message) => {
  expect(() => readConfiguration(environment)).toThrow(message)
})
