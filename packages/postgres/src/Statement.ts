/** A SQL statement of this package, and how its rows are read. */
import { createHash } from "node:crypto"
import type { StatementForDriver } from "./Driver.ts"

export interface Statement {
  readonly text: string
  /** The name of a prepared statement; none if the best plan depends on the values. */
  readonly name?: string
}

/** A statement that is planned for the values of each call. */
export const planned = (text: string): Statement => ({ text })

/**
 * A statement PostgreSQL prepares once per connection, because one plan fits all values. Its name is derived from its
 * text, so two versions of this package on one connection never confuse their statements.
 */
export const prepared = (text: string): Statement => ({
  text,
  name: `tokenry_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`,
})

/** The statement for the driver. Columns are read as text, whatever parsers the application has configured. */
export const forDriver = (
  { text, name }: Statement,
  values: ReadonlyArray<unknown>,
  mayPrepare: boolean,
): StatementForDriver => ({
  text,
  ...(values.length === 0 ? {} : { values: [...values] }),
  ...(name === undefined || !mayPrepare ? {} : { name }),
  types: asText,
})

const asText = { getTypeParser: () => (text: string) => text }
