/** Schema versions of documents, and how different versions of Tokenry share a collection. */
import * as Data from "effect/Data"

/** The version this code writes. Raise it with each new field, which older code would delete by replacing the document. */
export const schemaVersion = 1

/**
 * The oldest schema version whose code reads these documents correctly. Raise it to `schemaVersion` if older code would
 * misread them, and could then accept a token that it must refuse.
 */
export const readableFrom = 1

/**
 * A newer version of Tokenry wrote the document, and this one may not change it, or can't read it. It is the cause of a
 * `RepositoryUnavailable`, so clients retry and can reach an upgraded process. Happens only during a rolling deployment
 * or after a downgrade.
 */
export class NewerSchema extends Data.TaggedError("NewerSchema")<{
  /** The token's id. */
  readonly id: string
  /** The document's value of `field`. */
  readonly found: number
  /** The field that is too high: `schemaVersion` forbids writing, `readableFrom` also reading. */
  readonly field: "schemaVersion" | "readableFrom"
}> {
  override get message(): string {
    const act = this.field === "readableFrom" ? "read" : "write"
    return (
      `A newer version of Tokenry wrote the token ${this.id} (${this.field} ${this.found}); this process can ${act} ` +
      `version ${schemaVersion} at most. Upgrade this process`
    )
  }
}

/** Part of every write's filter, so a document with a newer schema is never overwritten. */
export const writableHere = { schemaVersion: { $lte: schemaVersion } } as const

/** Returns an error if this code may not write the document. Ignores damaged version numbers; reading reports those. */
export const newerSchemaOf = (document: object): NewerSchema | undefined => {
  const found = "schemaVersion" in document ? Number(document.schemaVersion) : schemaVersion
  if (!(found > schemaVersion)) return undefined
  return new NewerSchema({ id: "_id" in document ? String(document._id) : "", found, field: "schemaVersion" })
}
