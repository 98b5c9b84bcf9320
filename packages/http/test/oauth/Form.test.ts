import { describe, expect, it } from "@effect/vitest"
import { isFormType, readForm, tokenIn } from "@tokenry/http"

describe("isFormType", () => {
  it.each([
    "application/x-www-form-urlencoded",
    "Application/X-WWW-Form-Urlencoded",
    "application/x-www-form-urlencoded;charset=UTF-8",
    'application/x-www-form-urlencoded ; foo=bar ; charset="utf-8"',
  ])("takes %s (RFC 9110 §8.3.1)", (type) => expect(isFormType(type)).toBe(true))

  it.each([
    "",
    "application/json",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded2",
    "text/plain; application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=iso-8859-1",
    "application/x-www-form-urlencoded, application/json",
  ])("does not take %j", (type) => expect(isFormType(type)).toBe(false))
})

/** A form as text, and as the objects that body parsers make of it. */
const parsedAs: ReadonlyArray<readonly [what: string, body: unknown, expected: unknown]> = [
  ["a token", "token=tok_1", { _tag: "Token", token: "tok_1" }],
  ["a token, parsed", { token: "tok_1" }, { _tag: "Token", token: "tok_1" }],
  ["a token in percent-encoding", "%74oken=a%20b+c", { _tag: "Token", token: "a b c" }],
  ["a hint of any kind (RFC 7009 §2.1)", "token_type_hint=pigeon&token=a", { _tag: "Token", token: "a" }],
  ["unknown parameters (RFC 6749 §3.2)", "x=1&token=a&x=2", { _tag: "Token", token: "a" }],
  ["unknown parameters, parsed", { token: "a", x: ["1", "2"] }, { _tag: "Token", token: "a" }],
  ["nothing", "", { _tag: "Invalid", flaw: "NoToken" }],
  ["nothing, parsed", {}, { _tag: "Invalid", flaw: "NoToken" }],
  ["an empty token, which counts as omitted (RFC 6749 §3.2)", "token=", { _tag: "Invalid", flaw: "NoToken" }],
  ["an empty token, parsed", { token: "" }, { _tag: "Invalid", flaw: "NoToken" }],
  ["two tokens (RFC 6749 §3.2)", "token=a&token=b", { _tag: "Invalid", flaw: "SeveralTokens" }],
  ["the same token twice (RFC 6749 §3.2)", "token=a&%74oken=a", { _tag: "Invalid", flaw: "SeveralTokens" }],
  ["two tokens, parsed", { token: ["a", "b"] }, { _tag: "Invalid", flaw: "SeveralTokens" }],
  ["a token in brackets, parsed", { token: { x: "a" } }, { _tag: "Invalid", flaw: "SeveralTokens" }],
  [
    "two hints (RFC 6749 §3.2)",
    "token=a&token_type_hint=&token_type_hint=b",
    { _tag: "Invalid", flaw: "SeveralHints" },
  ],
  ["two hints, parsed", { token: "a", token_type_hint: ["", "b"] }, { _tag: "Invalid", flaw: "SeveralHints" }],
  ["JSON declared as a form", '{"token":"a"}', { _tag: "Invalid", flaw: "NoToken" }],
  ["a token that a prototype has", Object.create({ token: "a" }), { _tag: "Invalid", flaw: "NoToken" }],
  ["no body at all", undefined, { _tag: "Invalid", flaw: "NotAForm" }],
  ["null", null, { _tag: "Invalid", flaw: "NotAForm" }],
]

describe("the token in a form", () => {
  it.each(parsedAs)("%s", (_what, body, expected) => expect(tokenIn(readForm(body))).toEqual(expected))

  it("reads an object without a prototype, as parsers make them", () => {
    expect(tokenIn(readForm(Object.assign(Object.create(null), { token: "a" })))).toEqual({ _tag: "Token", token: "a" })
  })
})
