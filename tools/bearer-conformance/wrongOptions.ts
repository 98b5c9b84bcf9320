/**
 * Shows that a factory checks its options when it is called, also from JavaScript: one test for each mistake and
 * option.
 */
import { describe, expect, it } from "vitest"

export interface OptionCases<Options> {
  /** Valid options, every one that exists. A factory may use values that an earlier test created. */
  readonly good: () => Options | Promise<Options>
  readonly required: ReadonlyArray<keyof Options>
  /** Invalid values for each option. Each must throw when the factory is called. */
  readonly wrong: { readonly [Name in keyof Required<Options>]: ReadonlyArray<unknown> }
}

const text = [7, "", null, {}]
const object = [null, "a", 7, {}]
const callback = [null, "a", {}]

/** Wrong values for the options that every adapter has. */
export const wrongValues = {
  callback,
  guard: {
    tokens: [...object, { verify: () => {} }],
    realm: [...text, "a\nb"],
    resourceMetadata: [...text, "/metadata"],
    from: [...object, { header: "Cookie" }, { header: "X-API-Key", scheme: "Key" }],
    limits: [...object, { onError: () => {} }],
  },
  problemBase: [...text, "/problems/"],
  scopeForAll: [...text, "treasure:delet"],
  bodyTimeout: ["soon", "0 seconds", "11 minutes", "Infinity", null, {}],
  revocation: { tokens: [...object, { inspect: () => {} }], limits: [...object, { onError: () => {} }] },
  metadata: {
    resource: [...text, "/treasures"],
    scopes: ["treasure:read", [7], ["a b"], null],
    name: text,
    documentation: [...text, "docs"],
  },
} as const

/** Valid options of `protectedResourceMetadata`, every one that exists. */
export const goodMetadata = () => ({
  resource: "https://api.example.test",
  scopes: ["treasure:read"],
  name: "Treasures",
  documentation: "https://api.example.test/docs",
})

/** Registers the tests. Each error must name the option. */
export const refusesWrongOptions = <Options extends object>(
  name: string,
  make: (options: Options) => unknown,
  { good, required, wrong }: OptionCases<Options>,
): void => {
  const names = Object.keys(wrong) as unknown as ReadonlyArray<keyof Options & string>
  const making = async (changed: Readonly<Record<string, unknown>>) => {
    const options = { ...(await good()), ...changed } as Options
    return () => make(options)
  }

  describe(`${name}, called from JavaScript,`, () => {
    it("takes every option", async () => {
      const options = await good()
      expect(Object.keys(options).sort()).toEqual([...names].sort())
      expect(() => make(options)).not.toThrow()
    })

    it.each(names)("names %s when it is misspelt, and the right spelling", async (option) => {
      const misspelt = option.slice(0, -1)
      const { [option]: value, ...others } = await good()
      const act = () => make({ ...others, [misspelt]: value } as Options)
      expect(act).toThrow(TypeError)
      expect(act).toThrow(`no option ${misspelt}; did you mean ${option}?`)
    })

    it.each(required)("names %s when it is missing, or undefined", async (option) => {
      const { [option]: _, ...others } = await good()
      for (const options of [others, { ...others, [option]: undefined }]) {
        expect(() => make(options as Options)).toThrow(TypeError)
        expect(() => make(options as Options)).toThrow(`${String(option)} is missing; write`)
      }
    })

    it.each(names.flatMap((option) => wrong[option].map((value) => [option, value] as const)))(
      "names %s when it is %j",
      async (option, value) => {
        expect(await making({ [option]: value })).toThrow(option)
      },
    )

    it("treats an option that is undefined as omitted", async () => {
      const optional = names.filter((option) => !required.includes(option))
      expect(await making(Object.fromEntries(optional.map((option) => [option, undefined])))).not.toThrow()
    })

    it.each([undefined, null, "realm", 7, [[]]])("asks for an object of options in place of %j", (options) => {
      if (options === undefined && required.length === 0) return
      expect(() => make(options as unknown as Options)).toThrow("takes an object of options")
    })
  })
}
