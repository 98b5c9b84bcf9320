import { readFileSync } from "node:fs"
import { expect, it, vi } from "@effect/vitest"

it("the README begins with an app that runs, and prints what it says", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue()
  await import("./readmeApp.ts")
  expect(log.mock.calls).toEqual([[200, "user-1"], [401]])
})

it("the README shows the app that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("readmeApp.ts", import.meta.url), "utf8")
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(source)
})
