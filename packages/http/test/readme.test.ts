import { readFileSync } from "node:fs"
import { expect, it, vi } from "@effect/vitest"

it("the README begins with code that runs", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue()
  await import("./readmeGuard.ts")
  expect(log.mock.calls).toEqual([[401], ["The treasures of user-1"]])
})

it("the README shows the code that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("readmeGuard.ts", import.meta.url), "utf8")
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(source)
})
