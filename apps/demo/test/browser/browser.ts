/** One Chromium for all tests of this process, and people who use it: each with a profile of their own, which goes with the test. */
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core"
import { expect, inject, onTestFinished } from "vitest"
import type { ChromiumForTests } from "./ChromiumForTests.ts"
import { watchTroubles } from "./troubles.ts"
import { Person } from "./Person.ts"

const found: ChromiumForTests | undefined = inject("chromium")

/** Why tests are skipped is said in the run's summary. */
export const withoutBrowser = found === undefined

/** It ends with the process: Playwright sees to that. */
let running: Promise<Browser> | undefined

const launch = (): Promise<Browser> => {
  if (found === undefined) throw new Error("There is no Chromium")
  const { executablePath, environment } = found
  // No other arguments: some that are recommended for it switch off what keeps sites apart.
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox"],
    env: { ...process.env, ...environment },
  })
}

export interface PersonOptions extends Pick<
  BrowserContextOptions,
  "javaScriptEnabled" | "colorScheme" | "viewport" | "timezoneId" | "permissions"
> {
  /** Troubles that the test is about: those whose text contains one of these are no failure. */
  readonly expected?: ReadonlyArray<string>
}

/** Somebody with a browser of their own on the site. The test fails if one of their pages had troubles. */
export const aPerson = async (url: string, { expected = [], ...options }: PersonOptions = {}): Promise<Person> => {
  const browser = await (running ??= launch())
  const context = await browser.newContext({
    baseURL: url,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  })
  context.setDefaultTimeout(200_000)
  const troubles = watchTroubles(context, url)
  onTestFinished(async () => {
    await context.close()
    const unexpected = troubles.filter((trouble) => !expected.some((text) => trouble.includes(text)))
    expect(unexpected, "troubles of the pages").toEqual([])
  })
  return new Person(await context.newPage())
}
