/** One Chromium for all tests of this process. Each person has their own profile, which is deleted after the test. */
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core"
import { expect, inject, onTestFinished } from "vitest"
import type { ChromiumForTests } from "./ChromiumForTests.ts"
import { watchTroubles } from "./troubles.ts"
import { Person } from "./Person.ts"

const found: ChromiumForTests | undefined = inject("chromium")

/** The run's summary says why tests are skipped. */
export const withoutBrowser = found === undefined

/** Playwright closes it when the process exits. */
let running: Promise<Browser> | undefined

const launch = (): Promise<Browser> => {
  if (found === undefined) throw new Error("There is no Chromium")
  const { executablePath, environment } = found
  // No other arguments: some that are often recommended turn site isolation off.
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
  /** Troubles that contain one of these strings are expected and don't fail the test. */
  readonly expected?: ReadonlyArray<string>
}

/** A person with their own browser on the site. The test fails if one of their pages had troubles. */
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
