/**
 * Effect marks what may change in any minor version: `@stability unstable`. Published code may only use the parts listed here,
 * and only as long as its peer range excludes the next minor version.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const workspace = join(import.meta.dirname, "../..")
const read = (file: string): string => readFileSync(join(workspace, file), "utf8")

/** What published code uses of each of Effect's modules. */
const uses = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const used = new Map<string, Set<string>>()
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: workspace })) {
    const source = read(file)
    for (const [, name, module] of source.matchAll(/^import (?:type )?\* as (\w+) from "effect\/([\w/]+)"/gm)) {
      const names = used.get(module as string) ?? new Set()
      for (const [, part] of source.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, "g"))) names.add(part as string)
      used.set(module as string, names)
    }
  }
  return used
}

/** The exports of one of Effect's modules whose own comment marks them as unstable. */
const unstableIn = (module: string): ReadonlySet<string> => {
  const source = read(`node_modules/effect/src/${module}.ts`)
  const documented = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:declare )?(?:abstract )?\w+ (\w+)/g)
  return new Set(
    Array.from(documented, ([, comment = "", name = ""]) => (comment.includes("@stability unstable") ? name : "")),
  )
}

/** The contract's generated tokens. */
const generators = ["Arbitrary", "all", "array", "checkEffect", "formatCheckFailure", "map", "schema"].map(
  (name) => `Arbitrary.${name}`,
)
/** Lets counting cost an increment. */
const counting = "Metric.registerUnsafe"

it("published code uses no unstable part of Effect but these", () => {
  const unstable = [...uses()].flatMap(([module, names]) => {
    const marked = unstableIn(module)
    return [...names].filter((name) => marked.has(name)).map((name) => `${module}.${name}`)
  })
  expect(unstable.sort()).toEqual([...generators, counting].sort())
})

it("every package's peer range of Effect excludes the next minor version, and contains the one tested", () => {
  const { version } = JSON.parse(read("node_modules/effect/package.json")) as { readonly version: string }
  const [major, minor] = version.split(".")
  for (const file of globSync("packages/*/package.json", { cwd: workspace })) {
    const { peerDependencies = {} } = JSON.parse(read(file)) as { readonly peerDependencies?: Record<string, string> }
    expect([file, peerDependencies["effect"]]).toEqual([file, `~${major}.${minor}.0`])
  }
})
