import { assert, it } from "@effect/vitest"
import { changesLaws, damageLaws, laws, usageLaws } from "@tokenry/repository-contract"
import { readFileSync } from "node:fs"

it("the README lists each law, and no other", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const [before = "", lists = ""] = readme.split("## The laws\n")
  const [, ofDamage = ""] = before.split("## The laws about damaged tokens\n")
  const [ofRepositories = "", others = ""] = lists.split("## The laws of the record of uses\n")
  const [ofUses = "", ofChanges = ""] = others.split("## The laws of the feed of changes\n")
  for (const [list, listed] of [
    [damageLaws, ofDamage],
    [laws, ofRepositories],
    [usageLaws, ofUses],
    [changesLaws, ofChanges],
  ] as const) {
    assert.sameOrderedMembers(
      listed.split("\n").filter((line) => line.startsWith("- ")),
      list.map(({ name }) => `- ${name}`),
    )
  }
})
