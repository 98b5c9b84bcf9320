/** A prepared query whose rows come as tuples, in the order of its columns. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"

/** SQLite's statement is compiled once. Tuples are cheaper to make than objects, by a fifth of the whole look-up. */
export class Query<Row extends ReadonlyArray<unknown>> {
  readonly #statement: StatementSync

  constructor(db: DatabaseSync, sql: string) {
    this.#statement = db.prepare(sql)
    // Node 22.13 to 22.15 don't have it yet, and give objects.
    if ("setReturnArrays" in this.#statement) this.#statement.setReturnArrays(true)
  }

  get(...parameters: ReadonlyArray<SQLInputValue>): Row | undefined {
    const row = this.#statement.get(...parameters)
    return row === undefined ? undefined : this.#tupleOf(row)
  }

  all(...parameters: ReadonlyArray<SQLInputValue>): ReadonlyArray<Row> {
    return this.#statement.all(...parameters).map((row) => this.#tupleOf(row))
  }

  #tupleOf(row: object): Row {
    const tuple: unknown = Array.isArray(row) ? row : Object.values(row)
    return tuple as Row
  }
}
