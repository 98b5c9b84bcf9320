/** Treasures on MongoDB. */
import type { Db } from "mongodb"
import { insertUnlessThere, makeIndexes, read, write } from "./mongoOperations.ts"
import type { Treasure, Treasures } from "./Store.ts"

interface TreasureDocument extends Omit<Treasure, "id"> {
  readonly _id: string
}

const newestFirst = { createdAt: -1, _id: -1 } as const

const collectionOf = (db: Db) => db.collection<TreasureDocument>("treasure")

export const indexTreasures = (db: Db): Promise<void> =>
  makeIndexes((bounds) =>
    collectionOf(db).createIndex({ ownedBy: 1, ...newestFirst }, { name: "owner_newest_first", ...bounds }),
  )

export const mongoTreasures = (
  db: Db,
): Treasures & { readonly addUnlessThere: (treasure: Treasure) => Promise<boolean> } => {
  const treasures = collectionOf(db)
  const addUnlessThere = ({ id, ...treasure }: Treasure) =>
    write(db, "addTreasure", (bounds) => insertUnlessThere(treasures.insertOne({ _id: id, ...treasure }, bounds)))
  return {
    addUnlessThere,
    // Its id is a new UUID, so if the driver retries after a lost response, the duplicate it finds is its own.
    add: async (treasure) => {
      await addUnlessThere(treasure)
    },
    listOwnedBy: (ownedBy, limit, after) =>
      read(db, "listTreasures", async (bounds) => {
        const older = after && {
          $or: [
            { createdAt: { $lt: after.createdAt } },
            { createdAt: { $eq: after.createdAt }, _id: { $lt: after.id } },
          ],
        }
        const found = await treasures.find({ ownedBy, ...older }, { ...bounds, sort: newestFirst, limit }).toArray()
        return found.map(treasureOf)
      }),
    update: (id, ownedBy, change) =>
      write(db, "updateTreasure", async (bounds) => {
        const filter = { _id: id, ownedBy }
        const found =
          Object.keys(change).length === 0
            ? await treasures.findOne(filter, bounds)
            : await treasures.findOneAndUpdate(filter, { $set: change }, { ...bounds, returnDocument: "after" })
        return found === null ? undefined : treasureOf(found)
      }),
    remove: (id, ownedBy) =>
      write(db, "removeTreasure", async (bounds) => {
        const { deletedCount } = await treasures.deleteOne({ _id: id, ownedBy }, bounds)
        return deletedCount === 1
      }),
  }
}

const treasureOf = ({ _id, ...treasure }: TreasureDocument): Treasure => ({ id: _id, ...treasure })
