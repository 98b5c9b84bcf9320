/** Prepared queries that return rows as objects, by column name, or as tuples. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"

/**
 * Rows as objects. Write `LIMIT ? + 0`: SQLite compiles a statement with a bare `LIMIT ?` again for each new value.
 */
export class Query<Row extends object> {
  readonly #statement: StatementSync

  constructor(db: DatabaseSync, sql: string) {
    this.#statement = db.prepare(sql)
  }

  get(...parameters: ReadonlyArray<SQLInputValue>): Row | undefined {
    const row: unknown = this.#statement.get(...parameters)
    return row as Row | undefined
  }

  all(...parameters: ReadonlyArray<SQLInputValue>): ReadonlyArray<Row> {
    const rows: unknown = this.#statement.all(...parameters)
    return rows as ReadonlyArray<Row>
  }

  /** The same for parameters such as `:owner`. */
  allNamed(parameters: Readonly<Record<string, SQLInputValue>>): ReadonlyArray<Row> {
    const rows: unknown = this.#statement.all(parameters)
    return rows as ReadonlyArray<Row>
  }

  getNamed(parameters: Readonly<Record<string, SQLInputValue>>): Row | undefined {
    const row: unknown = this.#statement.get(parameters)
    return row as Row | undefined
  }
}

/** Rows as tuples, only for the lookup by digest: objects would cost a fifth of the whole lookup. */
export class TupleQuery<Row extends ReadonlyArray<unknown>> {
  readonly #statement: StatementSync

  constructor(db: DatabaseSync, sql: string) {
    this.#statement = db.prepare(sql)
    // Missing in Node 22.13 to 22.15, which return objects.
    if ("setReturnArrays" in this.#statement) this.#statement.setReturnArrays(true)
  }

  get(...parameters: ReadonlyArray<SQLInputValue>): Row | undefined {
    const row: object | undefined = this.#statement.get(...parameters)
    if (row === undefined) return undefined
    const tuple: unknown = Array.isArray(row) ? row : Object.values(row)
    return tuple as Row
  }
}
