import { describe, expect, it } from "@effect/vitest"
import { type Credentials, rawHeaderValues, readBearer, readKeyOrBearer } from "@tokenry/http"

const bearer = (token: string): Credentials => ({ _tag: "Bearer", token })
const invalid = (flaw: (Credentials & { _tag: "Invalid" })["flaw"]): Credentials => ({ _tag: "Invalid", flaw })

describe("readKeyOrBearer", () => {
  it.each<[rule: string, key: ReadonlyArray<string>, authorization: ReadonlyArray<string>, expected: Credentials]>([
    ["neither header", [], [], { _tag: "None" }],
    ["the key alone", ["abc"], [], bearer("abc")],
    ["all characters of a token68", ["aZ09-._~+/=="], [], bearer("aZ09-._~+/==")],
    ["blanks at the ends (RFC 9110 §5.5)", [" \tabc\t "], [], bearer("abc")],
    ["Authorization alone", [], ["Bearer abc"], bearer("abc")],
    ["a flaw of Authorization", [], ["Bearer a,"], invalid("Comma")],
    ["both", ["abc"], ["Bearer abc"], invalid("SeveralWays")],
    ["both, the key empty", [""], ["Bearer abc"], invalid("SeveralWays")],
    ["both, Authorization of another scheme", ["abc"], ["Basic abc"], invalid("SeveralWays")],
    ["both, Authorization malformed", ["abc"], ["="], invalid("SeveralWays")],
    ["both, and several lines of each", ["abc", "abc"], ["a b", "c"], invalid("SeveralWays")],
    ["two keys, even if equal", ["abc", "abc"], [], invalid("SeveralHeaders")],
    ["two keys, joined (RFC 9110 §5.3)", ["abc, abc"], [], invalid("Comma")],
    ["an empty key", [""], [], invalid("NoToken")],
    ["blanks alone", [" \t"], [], invalid("NoToken")],
    ["a scheme before the key", ["Bearer abc"], [], invalid("NotToken68")],
    ["a letter that is not ASCII", ["tök"], [], invalid("NotToken68")],
    ["4096 characters are read", ["a".repeat(4096)], [], bearer("a".repeat(4096))],
    ["4097 characters of any kind are too long", [",".repeat(4097)], [], { _tag: "TooLong" }],
  ])("%s", (_rule, key, authorization, expected) => {
    expect(readKeyOrBearer(key, authorization)).toEqual(expected)
  })
})

describe("two Authorization lines, of any scheme, are invalid, joined or not (RFC 9110 §5.3 and §11.6.2)", () => {
  it.each([
    ["Basic abc", "Bearer tok"],
    ["Bearer tok", "Basic abc"],
    ["Bearer tok", "Bearer tok"],
    ['Digest username="a", realm="b"', "Bearer tok"],
    ["Negotiate", "Bearer tok"],
    ["Basic abc", "Basic abc"],
  ])("%s and %s", (first, second) => {
    for (const lines of [[first, second], [`${first}, ${second}`], [`${first},${second}`]]) {
      expect(readBearer(lines)._tag).toBe("Invalid")
    }
  })

  it.each([
    ['Digest username="a", realm="b"'],
    ['Digest username="a, Bearer tok", realm="b"'],
    [String.raw`Digest username="a\", Bearer tok", realm="b"`],
    ["Digest a=b,c = d"],
  ])("but the parameters of one scheme are one credential: %s (RFC 9110 §11.4)", (value) => {
    expect(readBearer([value])).toEqual({ _tag: "OtherScheme" })
  })
})

describe("rawHeaderValues", () => {
  it("returns each line of the field, in any case, and of no other", () => {
    const raw = ["Host", "authorization", "AUTHORIZATION", "a", "X-Authorization", "b", "authorization", "c"]
    expect(rawHeaderValues(raw, "authorization")).toEqual(["a", "c"])
    expect(rawHeaderValues(raw, "cookie")).toEqual([])
  })
})
