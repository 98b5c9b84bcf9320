/** Tests of pages, once on each store that outlives a process. */
import { afterAll, beforeAll, describe } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { demoOn, stores } from "../demos.ts"
import { withoutBrowser } from "./browser.ts"

const lasting = stores.filter(([name]) => name !== "memory")

/** Each store has a demo of its own, with fixtures, which is there once tests run. */
export const describeOnStores = (about: string, define: (demo: () => Demo) => void): void => {
  describe.skipIf(withoutBrowser).each(lasting)(`${about}, on %s`, (_, location) => {
    let demo: Demo | undefined
    beforeAll(async () => {
      demo = await demoOn(location())
    })
    afterAll(() => demo?.stop())
    define(() => {
      if (demo === undefined) throw new Error("The demo is not running yet")
      return demo
    })
  })
}
