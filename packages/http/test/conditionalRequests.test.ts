import { describe, expect, it } from "@effect/vitest"
import { entityTagOf, readIdempotencyKey, readIfMatch } from "@tokenry/http"

const revisions = (...values: ReadonlyArray<number>) => ({ _tag: "Revisions", revisions: values })

describe("If-Match (RFC 9110 §13.1.1)", () => {
  it.each<[string, string | undefined, object]>([
    ["none", undefined, { _tag: "None" }],
    ["any", " * ", { _tag: "Any" }],
    ["our tag", '"r7"', revisions(7)],
    ["a list, with empty elements", ' "r7",, "x" ,\t"r12" ', revisions(7, 12)],
    ["a weak tag, which never matches (§8.8.3.2)", 'W/"r7"', revisions()],
    ["tags of others", '"", "r-1", "r01", "r7x", "R7"', revisions()],
    ["a comma within a tag", '"r7,r8", "r9"', revisions(9)],
    ["no quotes", "r7", { _tag: "Invalid" }],
    ["an open quote", '"r7', { _tag: "Invalid" }],
    ["a blank within a tag", '"r 7"', { _tag: "Invalid" }],
    ["any in a list", '"r7", *', { _tag: "Invalid" }],
    ["no comma between", '"r7" "r8"', { _tag: "Invalid" }],
    ["a weak mark in lower case", 'w/"r7"', { _tag: "Invalid" }],
  ])("%s", (_, value, expected) => {
    expect(readIfMatch(value)).toEqual(expected)
  })

  it("reads back the tag of each revision", () => {
    for (const revision of [0, 1, 7, 1_000_000]) expect(readIfMatch(entityTagOf(revision))).toEqual(revisions(revision))
  })
})

describe("Idempotency-Key (draft-ietf-httpapi-idempotency-key-header §2.1)", () => {
  it.each<[string, string | undefined, object]>([
    ["none", undefined, { _tag: "None" }],
    ["a string", '"8e03978e"', { _tag: "Key", key: "8e03978e" }],
    ["with parameters, which mean nothing", '"a";b=1', { _tag: "Key", key: "a" }],
    ["escaped", String.raw`"a\"b"`, { _tag: "Key", key: 'a"b' }],
    ["255 characters", `"${"k".repeat(255)}"`, { _tag: "Key", key: "k".repeat(255) }],
    ["256 characters", `"${"k".repeat(256)}"`, { _tag: "Invalid" }],
    ["empty", '""', { _tag: "Invalid" }],
    ["a token and no string", "abc", { _tag: "Invalid" }],
    ["a number", "1", { _tag: "Invalid" }],
    ["two of them", '"a", "b"', { _tag: "Invalid" }],
    ["not ASCII", '"ä"', { _tag: "Invalid" }],
  ])("%s", (_, value, expected) => {
    expect(readIdempotencyKey(value)).toEqual(expected)
  })
})
