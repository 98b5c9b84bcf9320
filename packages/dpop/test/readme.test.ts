import { readFileSync } from "node:fs"
import { expect, it, vi } from "@effect/vitest"

it("the README begins with code that runs", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue()
  await import("./readmeDpop.ts")
  expect(log.mock.calls).toEqual([["The treasures of user-1"], [401]])
})

it("the README shows the code that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("readmeDpop.ts", import.meta.url), "utf8")
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(source)
})
