/** The browser that tests use, available as `inject("chromium")`. */

export interface ChromiumForTests {
  readonly executablePath: string
  /** The environment variables it needs on this machine. */
  readonly environment: Readonly<Record<string, string>>
  /** Its own name and version, for people. */
  readonly description: string
}

declare module "vitest" {
  interface ProvidedContext {
    /** `undefined`: none found, so tests that need it are skipped. */
    readonly chromium: ChromiumForTests | undefined
  }
}
