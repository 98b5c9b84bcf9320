/** How different versions of Tokenry share one file during a deployment. */
import * as Data from "effect/Data"

/**
 * Each token has two numbers set by its writer: `schema_version`, its record's version, and `readable_from`, the oldest
 * version that can read it. Code never overwrites a record with a higher version than its own, because it would lose
 * fields it doesn't know, and never accepts a token it can't read.
 */
export const recordVersion = 1

/** A newer version of Tokenry wrote this token, and this code can't change or even read it. */
export class WrittenByNewerVersion extends Data.TaggedError("WrittenByNewerVersion")<{
  readonly id: string
  /** The record's version, or the one needed to read it. */
  readonly version: number
}> {
  override get message(): string {
    return (
      `A newer version of Tokenry wrote the token ${this.id} (its record needs version ${this.version}, and this code ` +
      `has ${recordVersion}). Finish the deployment, so that no process runs the older version`
    )
  }
}

interface Versions {
  readonly id: string
  readonly schema_version: number
  readonly readable_from: number
}

/** @throws WrittenByNewerVersion if this code might misread the record. */
export const assertReadable = (id: string, readableFrom: number): void => {
  if (readableFrom > recordVersion) throw new WrittenByNewerVersion({ id, version: readableFrom })
}

/** @throws WrittenByNewerVersion if this code would lose fields it doesn't know. */
export const assertWritable = ({ id, schema_version, readable_from }: Versions): void => {
  assertReadable(id, readable_from)
  if (schema_version > recordVersion) throw new WrittenByNewerVersion({ id, version: schema_version })
}
