/** The packages as their users get them: packed, and unpacked into a folder's `node_modules`. */
import { execFile } from "node:child_process"
import { globSync, mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { run } from "../../tools/published/run.ts"

const workspace = join(import.meta.dirname, "../..")
const names = ["core", "http", "sqlite", "koa"] as const

/** Returns the archives. */
export const pack = async (folder: string): Promise<ReadonlyArray<string>> => {
  const filters = names.map((name) => `--filter=@tokenry/${name}`)
  await run("pnpm", ["--recursive", ...filters, "pack", "--pack-destination", folder], workspace)
  return globSync("*.tgz", { cwd: folder }).map((name) => join(folder, name))
}

/** Unpacks them, with Effect and Koa from the workspace beside them. Needs no registry. */
export const unpackBesidePeers = async (folder: string): Promise<void> => {
  for (const archive of await pack(folder)) {
    const name = names.find((each) => archive.includes(`tokenry-${each}-`)) ?? ""
    const target = join(folder, "node_modules/@tokenry", name)
    mkdirSync(target, { recursive: true })
    await promisify(execFile)("tar", ["-xzf", archive, "-C", target, "--strip-components=1"])
  }
  for (const peer of ["effect", "koa"]) {
    symlinkSync(realpathSync(join(workspace, "node_modules", peer)), join(folder, "node_modules", peer))
  }
}
