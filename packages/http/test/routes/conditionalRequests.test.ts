import { describe, expect, it } from "@effect/vitest"
import { entityTagOf, readIdempotencyKey, readIfMatch } from "@tokenry/http"

it("an entity-tag is strong and quoted (RFC 9110 §8.8.3)", () => {
  expect([0, 7, Number.MAX_SAFE_INTEGER].map(entityTagOf)).toEqual(['"r0"', '"r7"', '"r9007199254740991"'])
})

it.each([0, 7, 999_999_999_999_999])("the tag of revision %i is read as that revision", (revision) => {
  expect(readIfMatch(entityTagOf(revision))).toEqual({ _tag: "Revisions", revisions: [revision] })
})

describe("readIfMatch (RFC 9110 §13.1.1)", () => {
  it("finds nothing if there is no such field", () => {
    expect(readIfMatch(undefined)).toEqual({ _tag: "None" })
  })

  it.each(["*", " * ", "\t*\t"])("takes %j for whatever there is", (value) => {
    expect(readIfMatch(value)).toEqual({ _tag: "Any" })
  })

  it.each<[rule: string, value: string, revisions: ReadonlyArray<number>]>([
    ["a list of tags", '"r1", "r2","r3"', [1, 2, 3]],
    ["blanks around the commas (§5.6.1.1)", ' \t"r1"\t ,\t "r2" ', [1, 2]],
    ["empty elements (§5.6.1.2)", ',, "r1" ,, ,"r2",', [1, 2]],
    ["an empty list (§5.6.1)", "", []],
    ["weak tags, which never match (§8.8.3.2)", 'W/"r1", "r2", W/"r3"', [2]],
    ["tags with a comma, a backslash or obs-text in them (§8.8.3)", '"a,b", "c\\", "\u00e9", "", "r1"', [1]],
    ["tags that are not ours", '"7", "r", "r07", "r-1", "r1.5", "R1", "xr1"', []],
    ["revisions beyond any count", '"r9999999999999999", "r1"', [1]],
  ])("reads %s", (_rule, value, revisions) => {
    expect(readIfMatch(value)).toEqual({ _tag: "Revisions", revisions })
  })

  it.each([
    ["a tag without quotes", "r1"],
    ["a tag with one quote", '"r1'],
    ["a blank within a tag (§8.8.3)", '"r 1"'],
    ["a quote within a tag", '"r"1"'],
    ["a DEL within a tag", '"\x7f"'],
    ["characters that aren't bytes", '"\u0100"'],
    ["weakness in lower case (§8.8.3)", 'w/"r1"'],
    ["a blank after the weakness", 'W/ "r1"'],
    ["tags without a comma between them", '"r1" "r2"'],
    ["tags with a semicolon between them", '"r1"; "r2"'],
    ["* in a list", '*, "r1"'],
    ["* after a list", '"r1", *'],
    ["two *, as a repeated field has them", "*, *"],
    ["* in quotes without their end", '"*'],
  ])("refuses %s", (_what, value) => {
    expect(readIfMatch(value)).toEqual({ _tag: "Invalid" })
  })

  it("takes linear time for any input", () => {
    for (const part of [" ", ",", ", ", '"', 'W/"', '"r1"', '"r1" ', "*"]) {
      const before = process.cpuUsage()
      readIfMatch(`${part.repeat(200_000)}x`)
      const { user, system } = process.cpuUsage(before)
      // In microseconds of this process, however busy others keep the machine. Quadratic time would be minutes.
      expect(user + system).toBeLessThan(10_000_000)
    }
  })
})

describe("readIdempotencyKey (draft-ietf-httpapi-idempotency-key-header-07 §2.1)", () => {
  it("finds nothing if there is no such field", () => {
    expect(readIdempotencyKey(undefined)).toEqual({ _tag: "None" })
  })

  it.each<[rule: string, value: string, key: string]>([
    ["a String", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ["a String with escapes (RFC 9651 §3.3.3)", String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ["blanks at both ends (RFC 9651 §4.2)", '  "a b" ', "a b"],
    ["a comma within the String", '"a, b"', "a, b"],
    ["parameters, which mean nothing (RFC 9651 §2)", '"a";v=1;w', "a"],
    ["the longest key there may be", `"${"k".repeat(255)}"`, "k".repeat(255)],
    ["the longest field there may be", `"a"${" ".repeat(1021)}`, "a"],
  ])("reads %s", (_rule, value, key) => {
    expect(readIdempotencyKey(value)).toEqual({ _tag: "Key", key })
  })

  it.each([
    ["nothing", ""],
    ["an empty String", '""'],
    ["a Token instead of a String", "8e03978e"],
    ["an Integer", "7"],
    ["a Byte Sequence", ":YQ==:"],
    ["a Date", "@1659578233"],
    ["an Inner List", '("a")'],
    ["two Strings, as a repeated field has them", '"a", "b"'],
    ["a String and more", '"a" b'],
    ["a String without its end", '"a'],
    ["an escape of another character", String.raw`"\n"`],
    ["a character beyond ASCII", '"\u00e9"'],
    ["a control character", '"a\tb"'],
    ["a key that is too long", `"${"k".repeat(256)}"`],
    ["a field of one character too many", `"a"${" ".repeat(1022)}`],
  ])("refuses %s", (_what, value) => {
    expect(readIdempotencyKey(value)).toEqual({ _tag: "Invalid" })
  })
})
