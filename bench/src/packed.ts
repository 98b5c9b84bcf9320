/** The packages as their users get them: packed, and unpacked into a folder's `node_modules`. */
import { execFile } from "node:child_process"
import { globSync, mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { manifestAt } from "../../tools/published/manifests.ts"
import { run } from "../../tools/published/run.ts"

const workspace = join(import.meta.dirname, "../..")
const names = ["core", "http", "sqlite", "koa"] as const

/** Returns the archives. */
export const pack = async (folder: string): Promise<ReadonlyArray<string>> => {
  const filters = names.map((name) => `--filter=@tokenry/${name}`)
  await run("pnpm", ["--recursive", ...filters, "pack", "--pack-destination", folder], workspace)
  return globSync("*.tgz", { cwd: folder }).map((name) => join(folder, name))
}

/** Unpacks them with their dependencies (Effect and Koa, among others) from the workspace. Needs no registry. */
export const unpackBesidePeers = async (folder: string): Promise<void> => {
  for (const archive of await pack(folder)) {
    const name = names.find((each) => archive.includes(`tokenry-${each}-`)) ?? ""
    const target = join(folder, "node_modules/@tokenry", name)
    mkdirSync(target, { recursive: true })
    await promisify(execFile)("tar", ["-xzf", archive, "-C", target, "--strip-components=1"])
  }
  const needed = new Map(names.flatMap((name) => needsOf(join(workspace, "packages", name))))
  for (const [dependency, path] of needed) symlinkSync(path, join(folder, "node_modules", dependency))
}

/** Names and folders of the packages of others that one of ours imports. */
const needsOf = (ours: string): ReadonlyArray<readonly [string, string]> => {
  const { dependencies = {}, peerDependencies = {} } = manifestAt(join(ours, "package.json"))
  return Object.keys({ ...dependencies, ...peerDependencies })
    .filter((name) => !/^@(?:tokenry|types)\//.test(name))
    .map((name) => [name, realpathSync(join(ours, "node_modules", name))])
}
