/** Allowed texts for a token's name, an owner's id and a token's id. */
import { describe, expect, it } from "@effect/vitest"
import { OwnerId, TokenName } from "@tokenry/core/adapter"

const controls = [
  ...Array.from({ length: 32 }, (_, code) => code),
  ...Array.from({ length: 33 }, (_, code) => code + 127),
]

describe("a name", () => {
  it.each([
    "x",
    "CI",
    "deploy key (staging)",
    "日本語",
    "\u202eabc\u202c",
    "a\u200fb",
    "👩‍👩‍👧‍👦",
    "e\u0301",
    "\u00e9",
    "<script>alert(1)</script>",
    "'; DROP TABLE api_token; --",
    "$where",
    "x".repeat(100),
    "😀".repeat(100),
  ])("may be case %#: %s", (name) => {
    expect(TokenName.flawOf(name)).toBe(undefined)
    expect(TokenName.is(name)).toBe(true)
  })

  it.each([
    ["must not be empty", ["", " ", "\t", "\n", "\u00a0", "\u3000", "\ufeff", " \u2003 "]],
    ["must not start or end with a space", [" x", "x ", "\u00a0x", "x\u3000", "\ufeffx"]],
    ["must have at most 100 characters", ["x".repeat(101), "😀".repeat(101), "x".repeat(1_000_000)]],
    ["must be well-formed Unicode", ["\ud800", "x\udc00", "\udc00\ud800", "x\ud83dx"]],
    ["must not contain control characters or line breaks", ["a\u2028b", "a\u2029b", "a\r\nb", "a\0", "\0a"]],
    ["must not contain control characters or line breaks", controls.map((code) => `a${String.fromCharCode(code)}b`)],
  ])("%s", (flaw, names) => {
    for (const name of names) {
      expect(TokenName.flawOf(name), JSON.stringify(name.slice(0, 20))).toBe(flaw)
      expect(TokenName.is(name)).toBe(false)
    }
  })
})

describe("an owner's id", () => {
  it.each(["1", "01", "507f1f77bcf86cd799439011", "a@b.example", "user 1", "null", "undefined", "x".repeat(255)])(
    "may be %s",
    (id) => {
      expect(OwnerId.is(id)).toBe(true)
      expect(OwnerId.assert(id as OwnerId)).toBe(id)
    },
  )

  it.each(["", " ", "a\0b", "\ud800", "x".repeat(256), " 1", undefined, null, 1, 0n, {}, [], ["user-1"], true])(
    "is not case %#",
    (id) => {
      expect(OwnerId.is(id)).toBe(false)
      expect(() => OwnerId.assert(id as OwnerId)).toThrow("Expected an owner id")
    },
  )
})
