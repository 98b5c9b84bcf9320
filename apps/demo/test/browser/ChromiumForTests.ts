/** The browser that tests use, available as `inject("chromium")`. */

export interface ChromiumForTests {
  readonly executablePath: string
  /** What it needs in its environment to run on this machine. */
  readonly environment: Readonly<Record<string, string>>
  /** What it says it is, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined`: there is none, and tests that need it are skipped. */
    readonly chromium: ChromiumForTests | undefined
  }
}
