import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { demoOn } from "../demos.ts"
import { aPerson, withoutBrowser } from "./browser.ts"
import { expectAccessible } from "./accessibility.ts"

describe.skipIf(withoutBrowser)("the API's reference", () => {
  let demo: Demo
  beforeAll(async () => {
    demo = await demoOn({ kind: "memory" })
  })
  afterAll(() => demo.stop())

  it("shows every operation under its strict policy, from this server alone", async () => {
    const person = await aPerson(demo.publicUrl)
    await person.goTo("/docs")
    await person.sees(/Treasures/)
    const operations = person.page.getByRole("button", { name: /^(get|post|patch|delete) \// })
    await operations.first().waitFor()
    const { paths } = (await (await fetch(`${demo.publicUrl}/openapi.json`)).json()) as { readonly paths: object }
    const described = Object.values(paths).flatMap((path) => Object.keys(path))
    expect(await operations.count()).toBe(described.length)
  })

  it("is accessible", async () => {
    const person = await aPerson(demo.publicUrl)
    await person.goTo("/docs")
    await person.sees(/Treasures/)
    await expectAccessible(person.page)
  })
})
