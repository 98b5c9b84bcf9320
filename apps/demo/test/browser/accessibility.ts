/** Runs axe on a page in its current state: light and dark, on a phone and a desktop. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { AxeResults, Result } from "axe-core"
import type { Page } from "playwright-core"
import { expect } from "vitest"
import { explanationOf } from "./explanations.ts"

const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8")

const colorSchemes = ["light", "dark"] as const

/** In CSS pixels: a narrow phone and a desktop. */
const sizes = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
] as const

/** Calls back with the page in each scheme and size. */
export const inEachLook = async (page: Page, look: (name: string) => Promise<void>): Promise<void> => {
  for (const colorScheme of colorSchemes) {
    await page.emulateMedia({ colorScheme })
    for (const size of sizes) {
      await page.setViewportSize(size)
      await look(`${colorScheme}-${size.width}`)
    }
  }
}

/**
 * Fails for each violation axe finds and each place it can't decide, unless `explanations.ts` explains it; and if the page
 * is wider than the window.
 */
export const expectAccessible = async (page: Page): Promise<void> => {
  const { pathname } = new URL(page.url())
  await page.evaluate(axe)
  await inEachLook(page, async (look) => {
    const { violations, incomplete } = await page.evaluate<AxeResults>("axe.run()")
    const problems = [...linesOf("violation", violations), ...linesOf("incomplete", incomplete)]
      .map((line) => `${pathname}: ${line}`)
      .filter((problem) => explanationOf(problem) === undefined)
    expect(problems, look).toEqual([])
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(overhang, `pixels by which ${pathname} is wider than the window, ${look}`).toBeLessThanOrEqual(0)
  })
}

/** One for each element. */
const linesOf = (kind: string, results: ReadonlyArray<Result>): ReadonlyArray<string> =>
  results.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) => {
      const messages = [...any, ...all, ...none].map(({ message }) => message)
      return `${kind} of ${id} at ${target.join(" ")}: ${messages.join("; ")}`
    }),
  )
