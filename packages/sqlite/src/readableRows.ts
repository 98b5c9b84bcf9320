/** Reads many tokens, of which some may be damaged or written by a newer version: those are left out, and logged. */
import { DamagedToken } from "@tokenry/core"
import { Effect } from "effect"
import { WrittenByNewerVersion } from "./recordVersion.ts"

/** What could be read of many, and why the rest could not. */
export interface Readable<A> {
  readonly items: ReadonlyArray<A>
  readonly skipped: ReadonlyArray<Error>
}

export const readable = <Row, A>(rows: ReadonlyArray<Row>, read: (row: Row) => A): Readable<A> => {
  const items: Array<A> = []
  const skipped: Array<Error> = []
  for (const row of rows) {
    const item = attempt(() => read(row))
    if (isSkippable(item)) skipped.push(item)
    else items.push(item)
  }
  return { items, skipped }
}

/** What the attempt gives, or why that token is to be left out. */
export const attempt = <A>(read: () => A): A | SkippableError => {
  try {
    return read()
  } catch (error) {
    if (isSkippable(error)) return error
    throw error
  }
}

type SkippableError = DamagedToken | WrittenByNewerVersion

const isSkippable = (value: unknown): value is SkippableError =>
  value instanceof DamagedToken || value instanceof WrittenByNewerVersion

/** Logs a warning for each token that was left out, with its id and what is wrong. */
export const logSkipped = (operation: string, skipped: ReadonlyArray<Error>): Effect.Effect<void> =>
  skipped.length === 0
    ? Effect.void
    : Effect.forEach(skipped, ({ message }) => Effect.logWarning(`${operation} left a token out. ${message}`), {
        discard: true,
      })
