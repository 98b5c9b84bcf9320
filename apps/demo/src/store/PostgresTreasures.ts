/** Treasures on PostgreSQL. */
import type { PostgresDatabase, Query } from "@tokenry/postgres"
import { run } from "./postgresOperations.ts"
import type { Treasure, Treasures } from "./Store.ts"

/** Every value arrives as text. */
interface TreasureRow {
  readonly id: string
  readonly owned_by: string
  readonly name: string
  readonly value: string
  /** Epoch milliseconds. */
  readonly created_at: string
}

const columns = "id, owned_by, name, value, extract(epoch FROM created_at) * 1000 AS created_at"

export const postgresTreasures = (database: PostgresDatabase): Treasures => ({
  add: (treasure) => run(database.write("addTreasure", (query) => insertTreasure(query, treasure))),
  listOwnedBy: (ownedBy, limit, after) =>
    run(
      database.read("listTreasures", async (query) => {
        const text = `SELECT ${columns} FROM treasure
          WHERE owned_by = $1 AND (created_at, id) < ($2::timestamptz, $3) ORDER BY treasure.created_at DESC, id DESC LIMIT $4`
        const from = [after?.createdAt.toISOString() ?? "infinity", after?.id ?? ""]
        const rows = await query<TreasureRow>({ text }, [ownedBy, ...from, limit])
        return rows.map(treasureOf)
      }),
    ),
  update: (id, ownedBy, { name, value }) =>
    run(
      database.write("updateTreasure", async (query) => {
        const text = `UPDATE treasure SET name = coalesce($3, name), value = coalesce($4, value)
          WHERE id = $1 AND owned_by = $2 RETURNING ${columns}`
        const [row] = await query<TreasureRow>({ text }, [id, ownedBy, name ?? null, value ?? null])
        return row && treasureOf(row)
      }),
    ),
  remove: (id, ownedBy) =>
    run(
      database.write("removeTreasure", async (query) => {
        const text = "DELETE FROM treasure WHERE id = $1 AND owned_by = $2 RETURNING id"
        return (await query({ text }, [id, ownedBy])).length === 1
      }),
    ),
})

export const insertTreasure = async (query: Query, treasure: Treasure): Promise<void> => {
  const { id, ownedBy, name, value, createdAt } = treasure
  await query({ text: "INSERT INTO treasure VALUES ($1, $2, $3, $4, $5)" }, [
    id,
    ownedBy,
    name,
    value,
    createdAt.toISOString(),
  ])
}

const treasureOf = ({ id, owned_by, name, value, created_at }: TreasureRow): Treasure => ({
  id,
  ownedBy: owned_by,
  name,
  value: Number(value),
  createdAt: new Date(Number(created_at)),
})
