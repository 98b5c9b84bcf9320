import { describe, expect, it } from "@effect/vitest"
import { TokenId } from "@tokenry/core/adapter"
import { anId } from "@tokenry/repository-contract/tokens"
import * as Schema from "effect/Schema"
import { at } from "./builders.ts"

const ones = new Uint8Array(TokenId.randomByteCount).fill(0xff)
const milliseconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 48 - 1 }))

describe("a token's id", () => {
  it("is laid out as in RFC 9562, appendix A.6", () => {
    // The test vector: 2022-02-22T19:22:22.000Z, rand_a CC3, rand_b 18C4DC0C0C07398F, each in the low bits of its bytes.
    const random = Uint8Array.from([0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
    expect(TokenId.make(at(0x017f22e279b0), random)).toMatch(/^017f22e2-79b0-7cc3-98c4-dc0c0c07398f$/)
  })

  it("has 48 bits of time, the version 7, the variant 10 and 74 random bits", () => {
    expect(TokenId.make(at(2 ** 48 - 1), ones)).toBe("ffffffff-ffff-7fff-bfff-ffffffffffff")
    expect(TokenId.make(at(0), new Uint8Array(10))).toBe("00000000-0000-7000-8000-000000000000")
  })

  it("uses each of the 74 random bits", () => {
    const changing = new Set<string>()
    const plain = TokenId.make(at(0), new Uint8Array(10))
    for (let bit = 0; bit < 80; bit++) {
      const random = new Uint8Array(10)
      random[bit >> 3] = 0x80 >> (bit & 7)
      const id = TokenId.make(at(0), random)
      if (id !== plain) changing.add(id)
      expect(TokenId.is(id)).toBe(true)
    }
    expect(changing.size).toBe(74)
  })

  it.prop("sorts by the time of issue", [milliseconds, milliseconds], ([one, other]) => {
    const [earlier, later] = one < other ? [one, other] : [other, one]
    expect(earlier === later || TokenId.make(at(earlier), ones) < TokenId.make(at(later), new Uint8Array(10))).toBe(
      true,
    )
  })

  it("ascends for 4,096 ids within a millisecond, and in the next one", () => {
    const next = TokenId.inSequence({ bytes: () => ones })
    const ids = [...Array.from({ length: 4096 }, () => next(at(5))), next(at(6)), next(at(6))]
    expect(ids).toEqual([...new Set(ids)].toSorted())
    expect(ids.every(TokenId.is)).toBe(true)
    expect(TokenId.is(next(at(6)))).toBe(true)
  })

  it.prop("is recognised", [milliseconds], ([time]) => {
    expect(TokenId.is(anId(at(time)))).toBe(true)
  })

  it.each([
    "",
    "00000000-0000-4000-8000-000000000000",
    "00000000-0000-7000-c000-000000000000",
    "00000000-0000-7000-7000-000000000000",
    "00000000000070008000000000000000",
    "{00000000-0000-7000-8000-000000000000}",
    "00000000-0000-7000-8000-000000000000\n",
    "00000000-0000-7000-8000-00000000000A",
    undefined,
    1,
    ["00000000-0000-7000-8000-000000000000"],
  ])("is not case %#", (value) => {
    expect(TokenId.is(value)).toBe(false)
  })
})
