/** The documentation's screenshots, taken by the tests that visit those pages. */
import { mkdir } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { inEachLook } from "./accessibility.ts"

const folder = fileURLToPath(new URL("../../../../docs/screenshots/", import.meta.url))

/** Writes `docs/screenshots/NAME-light-1280.png` and so on, only with `UPDATE_SCREENSHOTS=1`. */
export const takeScreenshots = async (page: Page, name: string): Promise<void> => {
  if (process.env["UPDATE_SCREENSHOTS"] !== "1") return
  await mkdir(folder, { recursive: true })
  await inEachLook(page, async (look) => {
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: `${folder}${name}-${look}.png`, animations: "disabled", caret: "hide" })
  })
}
