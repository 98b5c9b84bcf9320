/** Sessions on MongoDB, which removes expired ones by itself. */
import type { Db } from "mongodb"
import { makeIndexes, read, write } from "./mongoOperations.ts"
import type { SessionData, Sessions } from "./Store.ts"

interface SessionDocument {
  readonly _id: string
  readonly data: SessionData
  readonly expiresAt: Date
}

const collectionOf = (db: Db) => db.collection<SessionDocument>("session")

export const indexSessions = (db: Db): Promise<void> =>
  makeIndexes((bounds) =>
    collectionOf(db).createIndex({ expiresAt: 1 }, { name: "expiry", expireAfterSeconds: 0, ...bounds }),
  )

export const mongoSessions = (db: Db): Sessions => {
  const sessions = collectionOf(db)
  return {
    get: (idHash, now) =>
      read(db, "getSession", async (bounds) => {
        const found = await sessions.findOne({ _id: idHash, expiresAt: { $gt: now } }, bounds)
        return found?.data
      }),
    set: (idHash, data, expiresAt) =>
      write(db, "setSession", async (bounds) => {
        await sessions.replaceOne({ _id: idHash }, { data, expiresAt }, { ...bounds, upsert: true })
      }),
    update: (idHash, data) =>
      write(db, "updateSession", async (bounds) => {
        await sessions.updateOne({ _id: idHash }, { $set: { data } }, bounds)
      }),
    remove: (idHash) =>
      write(db, "removeSession", async (bounds) => {
        await sessions.deleteOne({ _id: idHash }, bounds)
      }),
  }
}
