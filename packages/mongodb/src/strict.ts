/** How documents are read and written here, whatever the client's own settings are. */
import type { CollectionOptions } from "./Driver.ts"

/**
 * Reads go to the primary, writes are confirmed by a majority and are in its journals, and nothing that is `undefined`
 * is left out of a filter. Digests come back as bytes.
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
