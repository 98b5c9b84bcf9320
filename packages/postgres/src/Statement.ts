/** A statement that this package runs, and how its rows are read. */
import { createHash } from "node:crypto"
import type { StatementForDriver } from "./Driver.ts"

export interface Statement {
  readonly text: string
  /** For a prepared statement; none where the best plan depends on the values. */
  readonly name?: string
}

/** A statement that is planned for the values of each call. */
export const planned = (text: string): Statement => ({ text })

/**
 * A statement that PostgreSQL prepares once on each connection, for which one plan fits all values. Its name comes from its
 * text, so that two versions of this package on one connection never mix up their statements.
 */
export const prepared = (text: string): Statement => ({
  text,
  name: `tokenry_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`,
})

/** The statement for the driver. Columns come as text, whatever parsers the application has set for its own. */
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
