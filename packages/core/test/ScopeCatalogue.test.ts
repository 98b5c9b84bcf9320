import { describe, expect, it } from "@effect/vitest"
import { ScopeCatalogue } from "@tokenry/core"
import { Scope } from "@tokenry/core/adapter"
import { catalogue } from "./builders.ts"

describe("a scope", () => {
  it.each(["a", "treasure:read", "!", "#", "[]", "~", "https://example.com/scope", "x".repeat(100)])(
    "is an RFC 6749 scope-token: %s",
    (scope) => {
      expect(Scope.is(scope)).toBe(true)
    },
  )

  it.each(["", " ", "a b", 'a"b', "a\\b", "a\n", "a\0", "\u007f", "trésor", "x".repeat(101), undefined, 1, ["a"]])(
    "is none: case %#",
    (scope) => {
      expect(Scope.is(scope)).toBe(false)
    },
  )
})

describe("the closure of scopes", () => {
  it("contains every implied scope, over any number of steps, each once", () => {
    expect(catalogue.close(["treasure:manage"])).toEqual(["treasure:manage", "treasure:edit", "treasure:read"])
    expect(catalogue.close(["treasure:read", "treasure:edit", "treasure:read"])).toEqual([
      "treasure:read",
      "treasure:edit",
    ])
    expect(catalogue.close([])).toEqual([])
  })

  it("omits undeclared scopes", () => {
    expect(catalogue.close(["treasure:bury"])).toEqual([])
    expect(catalogue.close(["treasure:bury", "treasure:delete"])).toEqual(["treasure:delete"])
    expect(catalogue.close(["constructor"])).toEqual([])
    expect(catalogue.close(["__proto__", "toString"])).toEqual([])
  })

  it("ends if scopes imply each other in a circle, or themselves", () => {
    const circular = ScopeCatalogue.make({
      a: { description: "A", implies: ["b"] },
      b: { description: "B", implies: ["c", "b"] },
      c: { description: "C", implies: ["a"] },
    })
    for (const scope of ["a", "b", "c"]) expect([...circular.close([scope])].sort()).toEqual(["a", "b", "c"])
  })

  it("handles a chain of hundreds", () => {
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`)
    const chain = ScopeCatalogue.make(
      Object.fromEntries(
        names.map((name, index) => [name, { description: name, implies: names.slice(index + 1, index + 2) }]),
      ),
    )
    expect(chain.close(["s0"])).toHaveLength(500)
    expect(chain.close(["s499"])).toEqual(["s499"])
  })

  it("contains its own scopes, and is its own closure", () => {
    for (const some of subsets(catalogue.scopes)) {
      const closed = catalogue.close(some)
      expect(some.every((scope) => closed.includes(scope))).toBe(true)
      expect(new Set(catalogue.close(closed))).toEqual(new Set(closed))
    }
  })
})

describe("a catalogue", () => {
  it("lists its scopes in declaration order", () => {
    expect(catalogue.scopes).toEqual(["treasure:read", "treasure:edit", "treasure:manage", "treasure:delete"])
  })

  it("describes each scope for people", () => {
    expect(catalogue.descriptionOf("treasure:read")).toBe("See treasures")
    expect(catalogue.descriptionOf("treasure:edit")).toBe("Change treasures")
    expect(catalogue.descriptionOf("toString")).toBe(undefined)
    expect(catalogue.has("treasure:read")).toBe(true)
    expect(catalogue.has("constructor")).toBe(false)
  })

  it.each([
    [{ "treasure read": "x" }, /not an RFC 6749 scope-token/],
    [{ "": "x" }, /not an RFC 6749 scope-token/],
    [{ a: "" }, /a needs a description/],
    [{ a: { description: " " } }, /a needs a description/],
    [{ a: { description: "A", implies: ["b"] } }, /a implies b, which is not declared/],
    [{ a: { description: "A", implies: ["A"] } }, /a implies A, which is not declared/],
  ])("that is wrong can't be made: case %#", (declarations, message) => {
    expect(() => ScopeCatalogue.make<string>(declarations as Readonly<Record<string, string>>)).toThrow(message)
  })

  it("may be empty", () => {
    expect(ScopeCatalogue.make({}).close(["a"])).toEqual([])
    expect(ScopeCatalogue.make({}).nearest("a")).toBe(undefined)
  })

  it("can't be changed through what it returns", () => {
    expect(() => (catalogue.close(["treasure:read"]) as Array<never>).push("treasure:delete" as never)).toThrow(
      TypeError,
    )
    expect(catalogue.close(["treasure:read"])).toEqual(["treasure:read"])
  })
})

describe("the nearest scope", () => {
  it.each([
    ["treasure:raed", "treasure:read"],
    ["treasure:edit ", "treasure:edit"],
    ["Treasure:Delete", "treasure:delete"],
    ["treasures:manage", "treasure:manage"],
    ["treasure:read".repeat(2).slice(0, 14), "treasure:read"],
  ])("to %j is %s", (given, nearest) => {
    expect(catalogue.nearest(given)).toBe(nearest)
  })

  it.each(["", "x", "completely:different", "x".repeat(1_000_000)])("to case %# is none", (given) => {
    expect(catalogue.nearest(given)).toBe(undefined)
  })
})

const subsets = <A>(values: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  values.reduce<ReadonlyArray<ReadonlyArray<A>>>((all, value) => [...all, ...all.map((some) => [...some, value])], [[]])
