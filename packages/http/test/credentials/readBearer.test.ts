import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Credentials, readBearer } from "@tokenry/http"

const none: Credentials = { _tag: "None" }
const otherScheme: Credentials = { _tag: "OtherScheme" }
const tooLong: Credentials = { _tag: "TooLong" }
const bearer = (token: string): Credentials => ({ _tag: "Bearer", token })
const invalid = (flaw: (Credentials & { _tag: "Invalid" })["flaw"]): Credentials => ({ _tag: "Invalid", flaw })

describe("readBearer", () => {
  it.each<[rule: string, values: ReadonlyArray<string>, credentials: Credentials]>([
    ["no field means no credentials", [], none],
    ["scheme, space, token68 (RFC 6750 §2.1)", ["Bearer mF_9.B5f-4.1JqM"], bearer("mF_9.B5f-4.1JqM")],
    ["the scheme is case-insensitive (RFC 9110 §11.1)", ["bEARER abc"], bearer("abc")],
    ["the token is case-sensitive", ["Bearer aBc"], bearer("aBc")],
    ["more than one space between scheme and token (RFC 9110 §11.4)", ["Bearer    abc"], bearer("abc")],
    ["all characters of a token68, padding last (RFC 9110 §11.2)", ["Bearer aZ09-._~+/=="], bearer("aZ09-._~+/==")],
    ["blanks at the ends are not part of a value (RFC 9110 §5.5)", [" \tBearer abc\t "], bearer("abc")],
    ["another scheme with a token68", ["Basic dXNlcjpwYXNz"], otherScheme],
    ["another scheme with parameters", ['Digest username="a", realm="b"'], otherScheme],
    ["another scheme alone", ["Negotiate"], otherScheme],
    ["a scheme that only begins like Bearer", ["Bearerabc"], otherScheme],
    ["a token without a scheme", ["abc"], otherScheme],
    ["another scheme may be long", [`Negotiate ${"a".repeat(10_000)}`], otherScheme],
    [
      "the field isn't a list: two of them, even if equal (RFC 9110 §11.6.2)",
      ["Bearer abc", "Bearer abc"],
      invalid("SeveralHeaders"),
    ],
    ["two fields of other schemes", ["Basic abc", "Bearer abc"], invalid("SeveralHeaders")],
    ["an empty value", [""], invalid("NoScheme")],
    ["blanks alone", [" \t "], invalid("NoScheme")],
    ["no scheme that could be one", ["=abc"], invalid("NoScheme")],
    ["a tab after the scheme", ["Bearer\tabc"], invalid("NoScheme")],
    ["nothing after the scheme", ["Bearer"], invalid("NoToken")],
    ["only blanks after the scheme", ["Bearer   "], invalid("NoToken")],
    ["a comma after the token", ["Bearer abc,"], invalid("Comma")],
    ["two credentials in one field", ["Bearer abc, Bearer def"], invalid("Comma")],
    ["two tokens", ["Bearer abc def"], invalid("NotToken68")],
    ["a tab before the token", ["Bearer \tabc"], invalid("NotToken68")],
    ["parameters instead of a token68", ['Bearer token="abc"'], invalid("NotToken68")],
    ["padding alone", ["Bearer =="], invalid("NotToken68")],
    ["padding inside", ["Bearer a=b"], invalid("NotToken68")],
    ["a quote", ['Bearer "abc"'], invalid("NotToken68")],
    ["a control character", ["Bearer ab\u0000c"], invalid("NotToken68")],
    ["a line break at the end", ["Bearer abc\n"], invalid("NotToken68")],
    ["a letter that is not ASCII", ["Bearer tökén"], invalid("NotToken68")],
    ["4096 characters are read", [`Bearer ${"a".repeat(4089)}`], bearer("a".repeat(4089))],
    ["4097 characters of any kind are too long", [`Bearer ${"a".repeat(4090)}`], tooLong],
    ["too long outweighs malformed", [`bearer ${",".repeat(5000)}`], tooLong],
  ])("%s", (_rule, values, credentials) => {
    expect(readBearer(values)).toEqual(credentials)
  })

  const token68 = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9\-._~+/]{1,80}={0,2}$/))

  it.effect.prop(
    "returns every token68 as it was sent, for any case of the scheme and number of spaces",
    [token68, Schema.Literals(["Bearer", "bearer", "BEARER", "bEaReR"]), Schema.Literals([1, 2, 7])],
    ([token, scheme, spaces]) =>
      Effect.sync(() => assert.deepStrictEqual(readBearer([`${scheme}${" ".repeat(spaces)}${token}`]), bearer(token))),
  )
})
