import { assert, it } from "@effect/vitest"
import { laws } from "@tokenry/repository-contract"
import { readFileSync } from "node:fs"

it("the README lists each law, and no other", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const [, list = ""] = readme.split("## The laws\n")
  const listed = list.split("\n").filter((line) => line.startsWith("- "))
  assert.sameOrderedMembers(
    listed,
    laws.map(({ name }) => `- ${name}`),
  )
})
