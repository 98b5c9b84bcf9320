/** Node's SQLite, or an error that says which runtime has it. */
import type * as NodeSqlite from "node:sqlite"

/**
 * Loaded by hand: a missing `import` would only say that there is no such module, and an `await` in a module would keep
 * CommonJS programs from requiring this package.
 *
 * @throws Error on import, if the runtime lacks `node:sqlite`.
 */
const loadNodeSqlite = (): typeof NodeSqlite => {
  try {
    // Older runtimes lack the function too.
    const loaded = process.getBuiltinModule?.("node:sqlite")
    if (loaded !== undefined) return loaded
  } catch {
    // The error below says more.
  }
  const { version, execArgv } = process
  const option = execArgv.includes(withoutSqlite) ? ` with ${withoutSqlite}` : ""
  throw new Error(
    `@tokenry/sqlite needs node:sqlite: use Node 22.23.2, 24.18.1 or newer. This is Node ${version.slice(1)}${option}.`,
  )
}

const withoutSqlite = "--no-experimental-sqlite"

export const nodeSqlite = loadNodeSqlite()
