import { assert, describe, expect, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { bearerChallenge } from "@tokenry/http"

describe("bearerChallenge", () => {
  it("without credentials has no error code (RFC 6750 §3.1)", () => {
    expect(bearerChallenge({ realm: "example" })).toBe('Bearer realm="example"')
  })

  it("names the error and the required scopes (RFC 6750 §3)", () => {
    const challenge = bearerChallenge({
      realm: "example",
      error: "insufficient_scope",
      errorDescription: "Not enough",
      scopes: ["a:read", "a:edit"],
    })
    expect(challenge).toBe(
      'Bearer realm="example", error="insufficient_scope", error_description="Not enough", scope="a:read a:edit"',
    )
  })

  it("quotes a realm as a quoted-string (RFC 9110 §5.6.4)", () => {
    expect(bearerChallenge({ realm: String.raw`the "\" realm` })).toBe(String.raw`Bearer realm="the \"\\\" realm"`)
  })

  it("has no scope parameter without scopes, because it can't be empty (RFC 6750 §3)", () => {
    expect(bearerChallenge({ realm: "example", scopes: [] })).toBe('Bearer realm="example"')
  })

  it.each([
    ["an empty one", ""],
    ["a line break", "a\r\nSet-Cookie: b"],
    ["a control character", "a\u0000"],
    ["é", "é"],
  ])("refuses as a realm: %s", (_what, realm) => {
    expect(() => bearerChallenge({ realm })).toThrow("realm")
  })

  it.each(['say "no"', String.raw`a\b`, "é", "a\nb", ""])(
    "refuses an error_description outside its characters (RFC 6750 §3): %j",
    (errorDescription) => {
      expect(() => bearerChallenge({ realm: "r", errorDescription })).toThrow("RFC 6750 §3")
    },
  )

  it.each(["a b", 'a"b', String.raw`a\b`, "é", ""])(
    "refuses a scope that isn't a scope-token (RFC 6749 §3.3): %j",
    (scope) => {
      expect(() => bearerChallenge({ realm: "r", scopes: [scope] })).toThrow("scope-token")
    },
  )

  // Written from the RFCs' ABNF, not from the code: auth-param with a quoted-string, in a comma-separated list.
  const quotedString = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"`
  const strict = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]+"`
  const scopeList = String.raw`"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*"`
  const grammar = new RegExp(
    `^Bearer realm=(${quotedString})(, error=${strict})?(, error_description=${strict})?(, scope=${scopeList})?$`,
  )

  const characters = Schema.Literals([
    "a",
    "Z",
    " ",
    "\t",
    '"',
    "\\",
    ",",
    "=",
    "~",
    "é",
    "\r",
    "\n",
    "\u0000",
    "\u007f",
  ])
  const text = Arbitrary.map(Arbitrary.schema(Schema.Array(characters)), (all) => all.join(""))
  const legal = Schema.String.check(Schema.isPattern(/^[\x20-\x7e]{1,40}$/))

  it.effect.prop(
    "matches the grammar and round-trips the realm, or throws, for any input",
    [Arbitrary.all([text, text, text]), legal],
    ([[illegalRealm, errorDescription, scope], legalRealm]) =>
      Effect.sync(() => {
        for (const realm of [illegalRealm, legalRealm]) {
          const options = [
            { realm },
            { realm, errorDescription },
            { realm, error: "invalid_token", scopes: [scope] },
          ] as const
          for (const option of options) {
            const challenge = unlessThrown(() => bearerChallenge(option))
            if (challenge === undefined) continue
            const quoted = grammar.exec(challenge)?.[1] ?? assert.fail(`${challenge} is not in the grammar`)
            assert.strictEqual(quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1"), realm)
          }
        }
        assert.isDefined(unlessThrown(() => bearerChallenge({ realm: legalRealm })))
      }),
    { arbitrary: { runs: 1000 } },
  )
})

describe("the address of the resource's metadata in a challenge (RFC 9728 §5.1)", () => {
  it("is a quoted-string, after the other parameters", () => {
    const resourceMetadata = "https://example.test:8443/.well-known/oauth-protected-resource/a%22b?c='"
    expect(bearerChallenge({ realm: "treasures", scopes: ["a"], resourceMetadata })).toBe(
      `Bearer realm="treasures", scope="a", resource_metadata="${resourceMetadata}"`,
    )
  })

  it.each([
    "",
    "/.well-known/oauth-protected-resource",
    "ftp://example.test/",
    "https://",
    'https://example.test/"',
    "https://example.test/\\",
    "https://example.test/ a",
    "https://example.test/\r\nSet-Cookie: a=b",
    "https://example.test/é",
  ])("can't be %j", (resourceMetadata) => {
    expect(() => bearerChallenge({ realm: "treasures", resourceMetadata })).toThrow("resourceMetadata")
  })
})

const unlessThrown = (make: () => string): string | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}
