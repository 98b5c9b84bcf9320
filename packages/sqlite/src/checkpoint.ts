/** Checkpoints in small steps, between the transactions of bulk work. */
import * as Effect from "effect/Effect"
import type { DatabaseSync } from "node:sqlite"
import type { SqliteDatabase } from "./SqliteDatabase.ts"

/**
 * Two transactions change about 300, and an SSD that flushes a page in 17 µs takes 5 ms for them. SQLite by itself waits
 * for 1000 and copies them all in one COMMIT, which takes 20 ms: bulk work changes pages all over the file.
 */
const pagesAtOnce = 200

/**
 * Copies the log to the file, in a turn of the event loop of its own, once enough pages have gathered. Call it after each
 * transaction of bulk work. If it fails, committed changes stay in the log, and SQLite copies them after a later write.
 */
export const checkpoint = ({ connection: db }: SqliteDatabase): Effect.Effect<void> =>
  Effect.suspend(() =>
    isDue(db)
      ? Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => void pragma(db, "main.wal_checkpoint(PASSIVE)")),
        )
      : Effect.void,
  )

/** Never if automatic checkpoints are off: another program does them then, such as Litestream. */
const isDue = (db: DatabaseSync): boolean => {
  if (pragma(db, "wal_autocheckpoint")["wal_autocheckpoint"] === 0) return false
  // SQLite before 3.51 doesn't know NOOP and copies at once, so nothing is due.
  const { log, checkpointed } = pragma(db, "main.wal_checkpoint(NOOP)")
  return Number(log) - Number(checkpointed) >= pagesAtOnce
}

/** Empty if SQLite refuses: the connection was closed or has an open transaction, or the disk is full. */
const pragma = (db: DatabaseSync, name: string): Readonly<Record<string, unknown>> => {
  try {
    return db.prepare(`PRAGMA ${name}`).get() ?? {}
  } catch {
    return {}
  }
}
