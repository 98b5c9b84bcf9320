/** The document schema's versions, and how versions of Tokenry work side by side. */
import * as Data from "effect/Data"

/** The version that this code writes. Raise it when a field is added that older code would delete by replacing. */
export const schemaVersion = 1

/**
 * The oldest schema version whose code reads documents of this version correctly. Raise it to `schemaVersion` when older
 * code would misread what is written, and so might accept a token that it must refuse.
 */
export const readableFrom = 1

/**
 * A newer version of Tokenry wrote the document, and this one must not change it, or can't read it. Reported as the cause of
 * a `RepositoryUnavailable`, so that a client that tries again reaches a process that has been upgraded. Happens only
 * during a rolling deployment or after a downgrade.
 */
export class NewerSchema extends Data.TaggedError("NewerSchema")<{
  /** The token's id. */
  readonly id: string
  /** The schema version in the document. */
  readonly found: number
  /** Which of the document's two numbers is too high. */
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

/** In the filter of every write: a document of a newer schema is never overwritten. */
export const writableHere = { schemaVersion: { $lte: schemaVersion } } as const

/** Why this code must not write the document, if so. Ignores damaged version numbers, which reading reports. */
export const newerSchemaOf = (document: object): NewerSchema | undefined => {
  const found = "schemaVersion" in document ? Number(document.schemaVersion) : schemaVersion
  if (!(found > schemaVersion)) return undefined
  return new NewerSchema({ id: "_id" in document ? String(document._id) : "", found, field: "schemaVersion" })
}
