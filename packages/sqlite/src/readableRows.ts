/** Reads many tokens, skipping and logging those that are damaged or written by a newer version. */
import { DamagedToken } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { WrittenByNewerVersion } from "./recordVersion.ts"

/** The readable ones, and why the others weren't. */
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

/** The result, or the reason to skip this token. */
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

/** Logs one warning per skipped token, with its id and the problem. */
export const logSkipped = (operation: string, skipped: ReadonlyArray<Error>): Effect.Effect<void> =>
  skipped.length === 0
    ? Effect.void
    : Effect.forEach(skipped, ({ message }) => Effect.logWarning(`${operation} skipped a token. ${message}`), {
        discard: true,
      })
