/**
 * `start` installs no development dependencies. A package that the demo runs then finds its peers among the workspace's own
 * dependencies, so each one must be there.
 */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const workspace = join(import.meta.dirname, "../..")

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(workspace, folder, "package.json"), "utf8")) as Manifest

const packages = new Map(
  globSync("packages/*", { cwd: workspace }).map((folder) => [manifestIn(folder).name, folder] as const),
)

/** The workspace packages that the demo depends on, directly or not. */
const packagesOf = (manifest: Manifest, found = new Set<string>()): ReadonlySet<string> => {
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const folder = packages.get(name)
    if (folder === undefined || found.has(folder)) continue
    found.add(folder)
    packagesOf(manifestIn(folder), found)
  }
  return found
}

/** The packages that a folder's sources load when they run: no types, no modules of Node, no files of their own. */
const loadedBy = (folder: string): ReadonlySet<string> => {
  const loaded = new Set<string>()
  for (const file of globSync(`${folder}/src/**/*.ts`, { cwd: workspace })) {
    const source = readFileSync(join(workspace, file), "utf8")
    for (const [, names = "", path = ""] of source.matchAll(
      /^(?:import|export) (?!type )(.*?) from "([^".][^"]*)"/gms,
    )) {
      const areTypes = /^\{(?:\s*type \w+(?: as \w+)?,?)+\s*\}$/.test(names)
      if (!areTypes && !path.startsWith("node:")) loaded.add(path.split("/", path.startsWith("@") ? 2 : 1).join("/"))
    }
  }
  return loaded
}

it("the demo starts without development dependencies", () => {
  const installed = manifestIn(".").dependencies
  const missing = [...packagesOf(manifestIn("apps/demo"))].flatMap((folder) => {
    const own = { ...manifestIn(folder).dependencies, ...installed }
    return [...loadedBy(folder)].filter((name) => !Object.hasOwn(own, name)).map((name) => `${folder}: ${name}`)
  })
  expect(missing).toEqual([])
})
