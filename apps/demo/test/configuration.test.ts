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

/** `main.ts` prints the message and ends with exit code 1: `process.test.ts` checks it. */
it.each<[string, Record<string, string>, RegExp]>([
  [
    "a MongoDB URL that doesn't parse",
    { STORE_URL: "mongodb://user:hid@den:hidden@/x" },
    /^STORE_URL must be like mongo/,
  ],
  [
    "an option that MongoDB lacks",
    { STORE_URL: "mongodb://user:hidden@127.0.0.1/x?hidden=1" },
    /^STORE_URL must be like/,
  ],
  ["a store of another kind", { STORE_URL: "redis://user:hidden@127.0.0.1/treasures" }, /^STORE_URL must be/],
  ["a port that isn't a number", { PORT: "http" }, /^PORT must be/],
  ["a port that is too large", { PORT: "70000" }, /^PORT must be/],
  ["a public URL without a scheme", { PUBLIC_URL: "example.com" }, /^PUBLIC_URL must be/],
  ["a rate limit that isn't a number", { RATE_LIMIT: "many" }, /^RATE_LIMIT must be/],
  ["a rate limit of nothing", { RATE_LIMIT: "0" }, /^RATE_LIMIT must be/],
  ["proxies that are addresses", { TRUSTED_PROXIES: "10.0.0.1" }, /^TRUSTED_PROXIES must be/],
  ["proxies less than none", { TRUSTED_PROXIES: "-1" }, /^TRUSTED_PROXIES must be/],
  ["a level of the log that there is not", { LOG: "debug" }, /^LOG must be info or off/],
  ["an audience that isn't a URL", { JWT_AUDIENCES: "https://reports.example.com reports" }, /^JWT_AUDIENCES must be/],
  ["an audience with a fragment", { JWT_AUDIENCES: "https://reports.example.com#a" }, /^JWT_AUDIENCES must be/],
  ["fixtures neither on nor off", { FIXTURES: "yes" }, /^FIXTURES must be 1 or 0/],
])("%s is refused in one line, without what may be secret", (_, environment, line) => {
  expect(() => readConfiguration(environment)).toThrow(line)
  expect(() => readConfiguration(environment)).not.toThrow(/hidden|\n/)
})
