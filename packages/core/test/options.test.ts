/** Options as JavaScript might pass them: each mistake is an error at opening that names the option. */
import { KeyRing, MemoryRepository, TokenFormat, TokenPolicy } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import * as Duration from "effect/Duration"
import { describe, expect, it } from "vitest"
import { catalogue } from "./builders.ts"

const complete = { repository: MemoryRepository.layer, catalogue }

/** Opens without type checks. */
const opening = (options: unknown) => createApiTokens(options as Parameters<typeof createApiTokens>[0])

describe("createApiTokens", () => {
  it.each<[options: object, message: RegExp]>([
    [{ owner: () => ({ active: true, scopes: "all" }) }, /there is no option owner; did you mean owners\?/],
    [{ Policy: TokenPolicy.make() }, /did you mean policy\?/],
    [{ scopes: catalogue }, /there is no option scopes; the declared scopes are the option catalogue/],
    [{ prefix: "acme" }, /format: TokenFormat\.checksummed\(\{ prefix: "acme" \}\)/],
    [{ longestLifetime: "30 days" }, /policy: TokenPolicy\.make/],
    [{ store: {} }, /repository: MemoryRepository\.layer/],
    [{ whatever: 1 }, /there is no option whatever; the options are catalogue, policy/],
    [{ catalogue: undefined }, /catalogue is missing; write catalogue: ScopeCatalogue\.make/],
    [{ catalogue: { "a:b": "A" } }, /catalogue is not valid; write catalogue: ScopeCatalogue\.make/],
    [{ repository: undefined }, /repository is missing; write repository: MemoryRepository\.layer/],
    [{ repository: MemoryRepository }, /repository is not valid/],
    [{ owners: { active: true } }, /owners is not valid; write owners: async/],
    [{ audit: [] }, /audit is not valid; write audit/],
    [{ policy: { longestLifetime: "30 days" } }, /policy is not valid; write policy: TokenPolicy\.make/],
    [{ format: "checksummed" }, /format is not valid; write format: TokenFormat/],
    [{ alsoAccept: TokenFormat.hex({ prefix: "tcp" }) }, /alsoAccept is not valid; write a list of formats/],
    [{ alsoAccept: ["hex"] }, /alsoAccept is not valid/],
    [{ keyRing: { a: "00" } }, /keyRing is not valid; write keyRing: KeyRing\.make/],
    [{ cache: true }, /cache is not valid; write cache: \{ maxStaleness/],
    [{ cache: { maxStaleness: "soon" } }, /maxStaleness/],
    [{ cache: {} }, /maxStaleness/],
    [{ cache: { maxStaleness: "1 second", capcity: 5 } }, /capcity; did you mean capacity\?/],
    [{ sweeps: "hourly" }, /sweeps is not valid/],
    [{ sweeps: { every: "1 hour", purge: "90 days" } }, /there is no option purge/],
    [{ sweeps: { every: -1 } }, /sweeps\.every must be a duration of a second or more/],
    [{ usage: true }, /usage is not valid/],
    [{ usage: { interval: "0 seconds" } }, /usage\.interval must be a duration of a second or more/],
    [{ usage: { intervall: "1 minute" } }, /intervall; did you mean interval\?/],
  ])("refuses %o", async (options, message) => {
    await expect(opening({ ...complete, ...options })).rejects.toThrow(message)
  })

  it.each([undefined, null, 5, "x", [], () => complete])("takes only an object: %s", async (options) => {
    await expect(opening(options)).rejects.toThrow("createApiTokens takes an object of options")
  })

  it("names an unknown option, but never repeats a long one, which may be a misplaced secret", async () => {
    await expect(opening({ ...complete, ["x".repeat(60)]: 1 })).rejects.toThrow("there is no option …")
  })

  it("an owners function that returns nothing is a programming error, neither a refusal nor an outage", async () => {
    const tokens = await opening({ ...complete, owners: () => undefined })
    await expect(tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })).rejects.toThrow(
      'owners must return { active: false }, or { active: true, scopes } with "all" or a list of scopes',
    )
    await tokens.close()
  })
})

describe("TokenPolicy", () => {
  it("takes durations as text and as Effect's Duration", () => {
    const policy = TokenPolicy.make({ longestLifetime: "30 days", defaultLifetime: Duration.days(7) })
    expect(Duration.toMillis(policy.longestLifetime ?? Duration.zero)).toBe(30 * 86_400_000)
    expect(Duration.toMillis(policy.defaultLifetime ?? Duration.zero)).toBe(7 * 86_400_000)
  })

  it.each<[options: object, message: RegExp]>([
    [{ longestLifetime: "soon" }, /longestLifetime must be a duration of more than zero/],
    [{ longestLifetime: "-5 days" }, /longestLifetime must be a duration/],
    [{ longestLifetime: "Infinity" }, /longestLifetime must be a duration/],
    [{ longestLifetime: "999999999999 weeks" }, /longestLifetime must be a duration/],
    [{ defaultLifetime: 0 }, /defaultLifetime must be a duration/],
    [{ defaultGrace: "-1 hour" }, /defaultGrace must be a duration of zero or more/],
    [{ defaultGrace: "40 days" }, /defaultGrace is longer than longestGrace/],
    [{ longestLifeTime: "30 days" }, /did you mean longestLifetime\?/],
    [{ allowsNeverExpiring: "no" }, /allowsNeverExpiring is not valid; write true or false/],
    [{ onReuse: "explode" }, /write "record", "notify" or "revoke"/],
    [{ defaultLifetime: null }, /defaultLifetime is null \(never expires\), which needs allowsNeverExpiring: true/],
  ])("refuses %o", (options, message) => {
    expect(() => TokenPolicy.make(options)).toThrow(message)
  })
})

it("a key ring takes keys, and the id of the active one", () => {
  expect(() => KeyRing.make({ keys: {}, active: null })).toThrow("KeyRing: at least one key is required")
})
