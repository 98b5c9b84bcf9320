/** Treasures on SQLite. */
import type { DatabaseSync } from "node:sqlite"
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import type { Treasure, Treasures } from "./Store.ts"

/** Prepares its statements once, so the tables must exist. */
export const sqliteTreasures = (database: SqliteDatabase): Treasures => {
  const { connection } = database
  const page = connection.prepare(
    `SELECT * FROM treasure WHERE owned_by = ? AND (created_at, id) < (?, ?)
     ORDER BY created_at DESC, id DESC LIMIT ?`,
  )
  const change = connection.prepare(
    `UPDATE treasure SET name = coalesce(?, name), value = coalesce(?, value)
     WHERE id = ? AND owned_by = ? RETURNING *`,
  )
  const remove = connection.prepare("DELETE FROM treasure WHERE id = ? AND owned_by = ?")
  return {
    add: (treasure) => Effect.runPromise(database.write("addTreasure", (db) => insertTreasure(db, treasure))),
    listOwnedBy: (ownedBy, limit, after) =>
      Effect.runPromise(
        database.read("listTreasures", () =>
          page
            .all(ownedBy, after?.createdAt.getTime() ?? Number.MAX_SAFE_INTEGER, after?.id ?? "", limit)
            .map(treasureOf),
        ),
      ),
    update: (id, ownedBy, { name, value }) =>
      Effect.runPromise(
        database.write("updateTreasure", () => {
          const row = change.get(name ?? null, value ?? null, id, ownedBy)
          return row && treasureOf(row)
        }),
      ),
    remove: (id, ownedBy) =>
      Effect.runPromise(database.write("removeTreasure", () => remove.run(id, ownedBy).changes === 1)),
  }
}

export const insertTreasure = (db: DatabaseSync, { id, ownedBy, name, value, createdAt }: Treasure): void => {
  db.prepare("INSERT INTO treasure VALUES (?, ?, ?, ?, ?)").run(id, ownedBy, name, value, createdAt.getTime())
}

const treasureOf = (row: Record<string, unknown>): Treasure => ({
  id: String(row["id"]),
  ownedBy: String(row["owned_by"]),
  name: String(row["name"]),
  value: Number(row["value"]),
  createdAt: new Date(Number(row["created_at"])),
})
