/** Collection settings that override the client's. */
import type { CollectionOptions } from "./Driver.ts"

/**
 * Reads from the primary, waits for a majority's journals, returns digests as bytes, and never drops `undefined` from a
 * filter, which would match more documents.
 */
export const strict: CollectionOptions = {
  readPreference: "primary",
  writeConcern: { w: "majority", journal: true },
  ignoreUndefined: false,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: true,
  useBigInt64: false,
  raw: false,
}
