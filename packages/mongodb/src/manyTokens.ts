/** Reads many documents, and skips and logs damaged ones. */
import { type ApiToken, DamagedToken } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { types } from "node:util"
import { NewerSchema } from "./NewerSchema.ts"
import type { BatchPosition } from "./queries.ts"
import { tokenOf } from "./TokenDocument.ts"

export interface ManyTokens {
  /** The readable ones, in order. */
  readonly tokens: ReadonlyArray<ApiToken>
  readonly damaged: ReadonlyArray<DamagedToken>
  /** Errors for those that only a newer version of Tokenry can read. */
  readonly newer: ReadonlyArray<NewerSchema>
}

export const manyTokensOf = (documents: ReadonlyArray<object>): ManyTokens => {
  const many = { tokens: new Array<ApiToken>(), damaged: new Array<DamagedToken>(), newer: new Array<NewerSchema>() }
  for (const document of documents) {
    try {
      many.tokens.push(tokenOf(document))
    } catch (error) {
      if (error instanceof DamagedToken) many.damaged.push(error)
      else if (error instanceof NewerSchema) many.newer.push(error)
      else throw error
    }
  }
  return many
}

/** Logs a warning for each, with the id and the field to repair. */
export const logDamaged = (damaged: ReadonlyArray<DamagedToken>): Effect.Effect<void> =>
  Effect.forEach(
    damaged,
    ({ message, id, field }) => Effect.logWarning(`${message}. Skipped it`).pipe(Effect.annotateLogs({ id, field })),
    { discard: true },
  )

/** The last document that has a place in the order; the next batch starts after it. `undefined`: there is no next batch. */
export const lastPositionOf = (documents: ReadonlyArray<object>, field: string): BatchPosition | undefined =>
  documents.map((document) => positionOf(document, field)).findLast((position) => position !== undefined)

const positionOf = (document: object, field: string): BatchPosition | undefined => {
  const { _id: id, [field]: value } = document as Readonly<Record<string, unknown>>
  const hasPlace =
    typeof id === "string" && (types.isDate(value) || typeof value === "number" || typeof value === "string")
  return hasPlace ? { value, id } : undefined
}
