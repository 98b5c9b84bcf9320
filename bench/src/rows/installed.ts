/** What an installation of core, SQLite's store and Koa's adapter takes on disk beyond Koa's own. Needs the registry. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../../tools/published/run.ts"
import type { Measure } from "../families.ts"
import { pack } from "../packed.ts"
import { unmeasured } from "../Row.ts"
import { temporaryFolder } from "../temporaryFolder.ts"

const what = "installed: core, sqlite and koa's adapter, beyond koa"

export const measure: Measure = async ({ isFull }) => {
  if (!isFull) return [unmeasured(what, "MB", "only with --full, since it installs from the registry")]
  using folder = temporaryFolder()
  const archives = await pack(folder.path)
  try {
    const koa = await installedSize(join(folder.path, "koa"), ["koa"])
    const all = await installedSize(join(folder.path, "all"), ["koa", ...archives])
    const { total, effect } = all
    const detail = `${inMegabytes(total)} MB, of which effect ${inMegabytes(effect)} MB and koa alone ${inMegabytes(koa.total)} MB`
    return [{ what, value: (total - koa.total) / 1e6, unit: "MB", detail }]
  } catch (error) {
    // The first line names npm's command, and the second one what failed.
    const reason = error instanceof Error ? error.message.split("\n").slice(0, 2).join(": ") : String(error)
    return [unmeasured(what, "MB", `npm can't install: ${reason}`)]
  }
}

const installedSize = async (folder: string, packages: ReadonlyArray<string>) => {
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...packages], folder)
  const modules = join(folder, "node_modules")
  return { total: sizeOf(modules), effect: packages.length > 1 ? sizeOf(join(modules, "effect")) : 0 }
}

const sizeOf = (folder: string): number => {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return bytes
}

const inMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
