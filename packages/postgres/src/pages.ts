/** Reading many tokens page by page, and what becomes of a token that can't be read. */
import { type ApiToken, DamagedToken } from "@tokenry/core"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { timestampOf } from "./arguments.ts"
import { NewerRecord } from "./NewerRecord.ts"
import { tokenOf } from "./TokenRecord.ts"

/** A row of a page: where it stands, and its token, unless it only marks how far the page has come. */
export interface PageRow {
  readonly id: string
  /** What the page is ordered by before the id: epoch milliseconds, or an owner. */
  readonly position?: string
  readonly record: string | null
}

/** Where a page goes on: right after the row with this instant (or owner) and this id. */
export interface Position {
  readonly at: string
  readonly id: string
}

/** Before all that a page with ascending instants may hold. */
export const beforeAll: Position = { at: "-infinity", id: "00000000-0000-0000-0000-000000000000" }

/** Before all that a page with ascending owners may hold. */
export const beforeAllOwners: Position = { ...beforeAll, at: "" }

/** After all that a page with descending instants may hold. */
export const afterAll: Position = { at: "infinity", id: "ffffffff-ffff-ffff-ffff-ffffffffffff" }

export const positionByOwner = ({ id, position = "" }: PageRow): Position => ({ at: position, id })

export const positionOf = ({ id, position = "0" }: PageRow): Position => ({
  at: timestampOf(DateTime.makeUnsafe(Number(position))),
  id,
})

/** What was read, and the damage that was met. */
export interface Readable<A> {
  readonly values: ReadonlyArray<A>
  readonly damaged: ReadonlyArray<DamagedToken>
}

/** Reads each record; a damaged one hurts only itself. Other errors are thrown. */
export const readableOf = <A>(records: ReadonlyArray<string>, read: (record: string) => A): Readable<A> => {
  const values: Array<A> = []
  const damaged: Array<DamagedToken> = []
  for (const record of records) {
    try {
      values.push(read(record))
    } catch (error) {
      if (!(error instanceof DamagedToken)) throw error
      damaged.push(error)
    }
  }
  return { values, damaged }
}

/** The tokens that this version can read. Those that only a newer one can read are left to it. */
export const oursOf = (records: ReadonlyArray<string>): Readable<ApiToken> => {
  const { values, damaged } = readableOf(records, (record) => {
    try {
      return [tokenOf(record)]
    } catch (error) {
      if (error instanceof NewerRecord) return []
      throw error
    }
  })
  return { values: values.flat(), damaged }
}

/** Logs each damaged token as a warning, with its id and the field. */
export const logDamaged = (damaged: ReadonlyArray<DamagedToken>): Effect.Effect<void> =>
  Effect.forEach(
    damaged,
    (error) =>
      Effect.logWarning(`${error.message}; it is left out`).pipe(
        Effect.annotateLogs({ tokenId: error.id, field: error.field }),
      ),
    { discard: true },
  )
