/** Shows that each wrong input gives the right error, with its path, and that nothing is written. */
import { describe, expect, it } from "@effect/vitest"
import { ApiTokens, TokenPolicy } from "@tokenry/core"
import { ListCursor } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { anId } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Base64Url } from "effect/encoding"
import { at, catalogue } from "./builders.ts"
import { Asked, counting } from "./repositories.ts"

const world = ApiTokens.layer({ catalogue }).pipe(Layer.provide(NodeCrypto.layer), Layer.provideMerge(counting))

const good = { ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] }

/** The error's tag and the paths of the problems. Asserts that the store wasn't called. */
const refusalOf = (call: (tokens: ApiTokens["Service"]) => Effect.Effect<unknown, { readonly _tag: string }>) =>
  Effect.gen(function* () {
    const asked = yield* Asked
    asked.length = 0
    const error = yield* Effect.flip(call(yield* ApiTokens))
    expect(asked).toEqual([])
    const issues = "issues" in error ? (error.issues as ReadonlyArray<{ path: ReadonlyArray<string> }>) : []
    return [error._tag, ...new Set(issues.map(({ path }) => path.join(".")))]
  }).pipe(Effect.provide(world))

/** Called as from JavaScript. */
const issue = (fields: object) => refusalOf((tokens) => tokens.issue({ ...good, ...fields }))
const list = (fields: object) => refusalOf((tokens) => tokens.list({ ownedBy: "user-1", ...fields }))

describe("issue", () => {
  it.effect.each<[what: string, fields: object, path: string]>([
    ["an undeclared scope", { scopes: ["treasure:read", "treasure:bury"] }, "scopes.1"],
    ["a scope of an object's own", { scopes: ["constructor"] }, "scopes.0"],
    ["an empty scope", { scopes: [""] }, "scopes.0"],
    ["a wildcard", { scopes: ["*"] }, "scopes.0"],
    ["an empty name", { name: "" }, "name"],
    ["a blank name", { name: " \u00a0" }, "name"],
    ["a name of 101 characters", { name: "😀".repeat(101) }, "name"],
    ["a name with a control character", { name: "a\u0007b" }, "name"],
    ["a name with NUL", { name: "a\0b" }, "name"],
    ["a name that isn't valid Unicode", { name: "a\ud83d" }, "name"],
    ["a past expiry", { expiresAt: "1969-12-31T23:59:59Z" }, "expiresAt"],
    ["the present as expiry", { expiresAt: "1970-01-01T00:00:00Z" }, "expiresAt"],
    ["an expiry beyond the policy", { expiresAt: new Date(366 * 86_400_000 + 1) }, "expiresAt"],
    ["an expiry thousands of years away", { expiresAt: "9999-12-31T23:59:59-23:59" }, "expiresAt"],
    ["the last instant that there is", { expiresAt: new Date(8.64e15) }, "expiresAt"],
    ["never", { expiresAt: null }, "expiresAt"],
    ["a lifetime of nothing", { expiresIn: "0 minutes" }, "expiresIn"],
    ["a lifetime beyond the policy", { expiresIn: "367 days" }, "expiresIn"],
    ["a lifetime beyond all dates", { expiresIn: "999999999 weeks" }, "expiresIn"],
  ])("forbids %s", ([, fields, path]) =>
    Effect.map(issue(fields), (refusal) => expect(refusal).toEqual(["PolicyViolation", path])),
  )

  it.effect.each<[what: string, fields: object, path: string]>([
    ["no date", { expiresAt: "tomorrow" }, "expiresAt"],
    ["a number as date", { expiresAt: 1 }, "expiresAt"],
    ["an empty date", { expiresAt: "" }, "expiresAt"],
    ["a day that does not exist", { expiresAt: "1970-02-30T00:00:00Z" }, "expiresAt"],
    ["a date without offset", { expiresAt: "1970-03-01T00:00:00" }, "expiresAt"],
    ["an invalid Date", { expiresAt: new Date(Number.NaN) }, "expiresAt"],
    ["an infinite lifetime", { expiresIn: "Infinity days" }, "expiresIn"],
    ["a negative lifetime", { expiresIn: "-5 days" }, "expiresIn"],
    ["a fraction of days", { expiresIn: "1.5 days" }, "expiresIn"],
    ["a number as lifetime", { expiresIn: 5 }, "expiresIn"],
    ["null as lifetime", { expiresIn: null }, "expiresIn"],
    ["too many digits", { expiresIn: "999999999999 weeks" }, "expiresIn"],
    ["both at once", { expiresAt: "1970-03-01T00:00:00Z", expiresIn: "5 days" }, "expiresIn"],
    ["never and a lifetime", { expiresAt: null, expiresIn: "5 days" }, "expiresIn"],
    ["an unknown field", { scope: "treasure:read" }, "scope"],
    ["an unknown field of 40 characters", { ["x".repeat(40)]: 1 }, "x".repeat(40)],
    ["an unknown field with a name that is too long to repeat", { ["x".repeat(41)]: 1 }, "…"],
    ["an unknown field without a value", { scope: undefined }, "scope"],
    ["a field named by a symbol", { [Symbol("scope")]: 1 }, "Symbol(scope)"],
    ["an unknown field of the attribution", { by: { actor: { kind: "system" }, origin: {}, from: "CI" } }, "by.from"],
    [
      "an unknown field of the origin",
      { by: { actor: { kind: "system" }, origin: { adress: "192.0.2.1" } } },
      "by.origin.adress",
    ],
    ["one scope for a list", { scopes: "treasure:read" }, "scopes"],
    ["no scopes", { scopes: undefined }, "scopes"],
    ["null for scopes", { scopes: null }, "scopes"],
    ["a number among the scopes", { scopes: ["treasure:read", 5] }, "scopes.1"],
    ["too many scopes", { scopes: Array.from({ length: 1001 }, () => "treasure:read") }, "scopes"],
    ["a number as name", { name: 5 }, "name"],
    ["an empty third party", { issuedTo: "" }, "issuedTo"],
    ["a third party of 256 characters", { issuedTo: "x".repeat(256) }, "issuedTo"],
    ["an actor without an id", { by: { actor: { kind: "person", id: "" }, origin: {} } }, "by.actor.id"],
    [
      "an actor's id of 256 characters",
      { by: { actor: { kind: "person", id: "x".repeat(256) }, origin: {} } },
      "by.actor.id",
    ],
    ["an unknown kind of actor", { by: { actor: { kind: "robot", id: "x" }, origin: {} } }, "by.actor.kind"],
    ["no origin", { by: { actor: { kind: "system" } } }, "by.origin"],
  ])("takes not %s", ([, fields, path]) =>
    Effect.map(issue(fields), (refusal) => expect(refusal).toEqual(["InvalidInput", path])),
  )

  it.effect("names the nearest declared scope, and reports everything forbidden at once", () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const error = yield* Effect.flip(
        tokens.issue({ ...good, name: "", scopes: ["treasure:reed", "x"], expiresIn: "0 days" }),
      )
      expect(error).toMatchObject({
        _tag: "PolicyViolation",
        issues: [
          { path: ["name"], message: "must not be empty" },
          { path: ["scopes", "0"], message: "must be a declared scope; did you mean treasure:read?" },
          { path: ["scopes", "1"], message: "must be a declared scope" },
          { path: ["expiresIn"], message: "must be in the future" },
        ],
      })
    }).pipe(Effect.provide(world)),
  )

  it.effect("reports every wrong shape at once", () =>
    Effect.map(issue({ ownedBy: 1, name: 2, scopes: [3], expiresIn: "4", more: 5 }), ([tag, ...paths]) => {
      expect(tag).toBe("InvalidInput")
      expect(paths.sort()).toEqual(["expiresIn", "more", "name", "ownedBy", "scopes.0"])
    }),
  )
})

describe("list", () => {
  it.effect.each<[what: string, fields: object, path: string]>([
    ["a made-up cursor", { cursor: "abc" }, "cursor"],
    ["an empty cursor", { cursor: "" }, "cursor"],
    ["a number as cursor", { cursor: 5 }, "cursor"],
    [
      "a cursor with something behind it",
      { cursor: `${ListCursor.encode({ createdAt: at(5), id: anId() })}A` },
      "cursor",
    ],
    ["a cursor that is written in another way", { cursor: Base64Url.encode(`05.${anId()}`) }, "cursor"],
    ["a cursor without a valid id", { cursor: ListCursor.encode({ createdAt: at(5), id: "x" }) }, "cursor"],
    ["the limit 0", { limit: 0 }, "limit"],
    ["the limit 101", { limit: 101 }, "limit"],
    ["the limit 1.5", { limit: 1.5 }, "limit"],
    ["the limit NaN", { limit: Number.NaN }, "limit"],
    ["a string as limit", { limit: "10" }, "limit"],
    ["a negative limit", { limit: -1 }, "limit"],
    ["an unknown state", { state: "expired" }, "state"],
  ])("takes not %s", ([, fields, path]) =>
    Effect.map(list(fields), (refusal) => expect(refusal).toEqual(["InvalidInput", path])),
  )
})

it.effect.each(["", "x", "00000000-0000-4000-8000-000000000000", "constructor", "1; DROP TABLE api_token"])(
  "an impossible id isn't found, and causes no query: %j",
  (id) =>
    Effect.map(
      refusalOf((tokens) => tokens.find({ id, ownedBy: "user-1" })),
      (refusal) => expect(refusal).toEqual(["TokenNotFound"]),
    ),
)

it.effect("a token that never expires can be shortened to a century at most", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({ ...good, expiresAt: null })
    const own = { id: token.id, ownedBy: "user-1" }
    for (const [expiry, path] of [
      [{ expiresIn: "999999999 weeks" }, "expiresIn"],
      [{ expiresAt: new Date(8.64e15) }, "expiresAt"],
    ] as const) {
      expect(yield* Effect.flip(tokens.edit({ ...own, ...expiry }))).toMatchObject({
        _tag: "PolicyViolation",
        issues: [{ path: [path], message: "must be within 100 years" }],
      })
    }
    expect(yield* tokens.edit({ ...own, expiresIn: "36525 days" })).toMatchObject({ revision: 2 })
  }).pipe(
    Effect.provide(
      ApiTokens.layer({ catalogue, policy: TokenPolicy.make({ allowsNeverExpiring: true }) }).pipe(
        Layer.provide([NodeCrypto.layer, counting]),
      ),
    ),
  ),
)
