/** The repository's options and their defaults. */
import { Duration } from "effect"
import type { ReadConcernLevel, WriteConcern } from "./Driver.ts"
import { strict } from "./strict.ts"
import type { Deadlines } from "./TokenCollection.ts"

export interface MongoRepositoryOptions {
  /** The default is the one that the client's URL names. */
  readonly databaseName?: string
  /** The default is `api_token`. Its documents belong to the repository: keep fields of your own elsewhere. */
  readonly collectionName?: string
  /** How long an operation may take, the driver's own retries included: `read` 2 seconds, `write` 5, unless given. */
  readonly deadlines?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
  }
  /**
   * The default is `{ w: "majority", journal: true }`: what was acknowledged survives the loss of any one machine. `w: 0` is
   * refused.
   */
  readonly writeConcern?: WriteConcern
  /**
   * The default is the client's, which is `local` unless set. Reads go to the primary in any case. With `linearizable` a primary that was deposed without knowing it can't
   * accept a token any more, and each look-up costs one round trip to a majority.
   */
  readonly readConcern?: ReadConcernLevel
  /**
   * Whether to bring the indexes up to date when the layer is built. The default is true. With false, `migrate` does it, and
   * opening only checks that the unique index of digests is there.
   */
  readonly migrate?: boolean
}

interface Settled {
  readonly collectionName: string
  readonly deadlines: Deadlines
  readonly writeConcern: WriteConcern
  readonly readConcern: ReadConcernLevel | undefined
  readonly isMigrating: boolean
}

export const withDefaults = ({
  collectionName = "api_token",
  deadlines = {},
  writeConcern = strict.writeConcern,
  readConcern,
  migrate = true,
}: MongoRepositoryOptions): Settled => ({
  collectionName,
  deadlines: {
    read: millisecondsOf(deadlines.read ?? "2 seconds"),
    write: millisecondsOf(deadlines.write ?? "5 seconds"),
  },
  writeConcern,
  readConcern,
  isMigrating: migrate,
})

const millisecondsOf = (duration: Duration.Input): number => {
  const milliseconds = Math.ceil(Duration.toMillis(duration))
  if (!(milliseconds >= 1 && milliseconds < 2 ** 31))
    throw new RangeError("A deadline is at least a millisecond, and finite")
  return milliseconds
}
