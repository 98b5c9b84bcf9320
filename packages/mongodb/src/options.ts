/** The repository's options and their defaults. */
import * as Duration from "effect/Duration"
import type { ReadConcernLevel, WriteConcern } from "./Driver.ts"
import { strict } from "./strict.ts"
import type { Deadlines } from "./TokenCollection.ts"

export interface MongoRepositoryOptions {
  /** Default: the database in the client's URL. */
  readonly databaseName?: string
  /** Default: `api_token`. The store replaces whole documents, so keep your own fields elsewhere. */
  readonly collectionName?: string
  /** How long an operation may take, including the driver's retries. Default: `read` 2 seconds, `write` 5 seconds. */
  readonly deadlines?: {
    readonly read?: Duration.Input
    readonly write?: Duration.Input
  }
  /**
   * Default: `{ w: "majority", journal: true }`, so acknowledged writes survive the loss of any one machine. `w: 0` is
   * refused.
   */
  readonly writeConcern?: WriteConcern
  /**
   * Default: the client's, which is `local` unless set. Reads always go to the primary. `linearizable` prevents stale
   * answers from a deposed primary, and costs a round trip to a majority per lookup.
   */
  readonly readConcern?: ReadConcernLevel
  /**
   * Whether opening creates missing indexes. Default: true. If false, run `migrate` yourself; opening then only checks the
   * unique index of digests.
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
    throw new RangeError("A deadline must be at least 1 millisecond and less than 24 days")
  return milliseconds
}
