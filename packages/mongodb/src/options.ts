/** The repository's options and their defaults. */
import * as Duration from "effect/Duration"
import type { ReadConcernLevel, WriteConcern } from "./Driver.ts"
import { strict } from "./strict.ts"
import type { Deadlines } from "./TokenCollection.ts"

export interface MongoRepositoryOptions {
  /** Default: the database in the client's URL. */
  readonly databaseName?: string
  /** Default: `api_token`. Its documents belong to the repository, so keep your own fields elsewhere. */
  readonly collectionName?: string
  /** How long an operation may take, including the driver's own retries. Default: `read` 2 seconds, `write` 5. */
  readonly deadlines?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
  }
  /**
   * Default: `{ w: "majority", journal: true }`, so acknowledged writes survive the loss of one machine. `w: 0` is
   * refused.
   */
  readonly writeConcern?: WriteConcern
  /**
   * Default: the client's, which is `local` unless set. Reads always go to the primary. With `linearizable`, a deposed
   * primary can no longer accept a token, and each lookup costs a round trip to a majority.
   */
  readonly readConcern?: ReadConcernLevel
  /**
   * Whether to update the indexes when the layer is built. Default: true. If false, use `migrate`; opening then only
   * checks that the unique index of digests exists.
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
