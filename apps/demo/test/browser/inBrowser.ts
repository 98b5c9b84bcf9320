/** Tests of pages in a browser, on a shared demo. `test/pages` tests the same pages on all stores. */
import { afterAll, beforeAll, describe } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { aSqliteFile, demoOn } from "../demos.ts"
import { withoutBrowser } from "./browser.ts"

/** The demo has fixtures, and is up before the tests run. */
export const describeInBrowser = (about: string, define: (demo: () => Demo) => void): void => {
  describe.skipIf(withoutBrowser)(`${about}, in a browser`, () => {
    let demo: Demo | undefined
    beforeAll(async () => {
      demo = await demoOn(aSqliteFile())
    })
    afterAll(() => demo?.stop())
    define(() => {
      if (demo === undefined) throw new Error("The demo is not running yet")
      return demo
    })
  })
}
