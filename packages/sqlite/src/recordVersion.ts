/** How versions of Tokenry that run side by side during a deployment share one file. */
import { Data } from "effect"

/**
 * Each token has two numbers, which its writer sets: `schema_version`, the version of its record, and `readable_from`, the
 * oldest version of which the code still understands it. Code never overwrites a record of a higher version than its own,
 * since it would lose what it doesn't know, and doesn't accept one that isn't readable for it.
 */
export const recordVersion = 1

/** A newer version of Tokenry wrote this token, and this code must not change it, or can't even read it. */
export class WrittenByNewerVersion extends Data.TaggedError("WrittenByNewerVersion")<{
  readonly id: string
  /** The version of the record, or the one that is needed to read it. */
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

/** @throws WrittenByNewerVersion if this code can't be sure what the record means. */
export const assertReadable = (id: string, readableFrom: number): void => {
  if (readableFrom > recordVersion) throw new WrittenByNewerVersion({ id, version: readableFrom })
}

/** @throws WrittenByNewerVersion if this code would lose what it doesn't know of the record. */
export const assertWritable = ({ id, schema_version, readable_from }: Versions): void => {
  assertReadable(id, readable_from)
  if (schema_version > recordVersion) throw new WrittenByNewerVersion({ id, version: schema_version })
}
