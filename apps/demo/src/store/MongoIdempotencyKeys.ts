/** Idempotency keys on MongoDB, which removes expired ones by itself. */
import type { Db } from "mongodb"
import { insertUnlessThere, makeIndexes, write } from "./mongoOperations.ts"
import type { IdempotencyKeys } from "./Store.ts"

interface KeyDocument {
  readonly _id: string
  readonly fingerprint: string
  readonly tokenId: string | null
  readonly expiresAt: Date
}

const collectionOf = (db: Db) => db.collection<KeyDocument>("idempotencyKey")

export const indexIdempotencyKeys = (db: Db): Promise<void> =>
  makeIndexes((bounds) =>
    collectionOf(db).createIndex({ expiresAt: 1 }, { name: "expiry", expireAfterSeconds: 0, ...bounds }),
  )

export const mongoIdempotencyKeys = (db: Db): IdempotencyKeys => {
  const keys = collectionOf(db)
  return {
    take: (keyHash, fingerprint, now, expiresAt) =>
      write(db, "takeIdempotencyKey", async (bounds) => {
        // The server removes expired keys once a minute; until then they block the insert.
        await keys.deleteOne({ _id: keyHash, expiresAt: { $lte: now } }, bounds)
        const taken = { _id: keyHash, fingerprint, tokenId: null, expiresAt }
        if (await insertUnlessThere(keys.insertOne(taken, bounds))) return undefined
        const held = await keys.findOne({ _id: keyHash }, bounds)
        // A key released or removed at this moment still counts as held: a retry will find it free.
        return { fingerprint: held?.fingerprint ?? fingerprint, tokenId: held?.tokenId ?? undefined }
      }),
    settle: (keyHash, tokenId) =>
      write(db, "settleIdempotencyKey", async (bounds) => {
        await keys.updateOne({ _id: keyHash }, { $set: { tokenId } }, bounds)
      }),
    release: (keyHash) =>
      write(db, "releaseIdempotencyKey", async (bounds) => {
        await keys.deleteOne({ _id: keyHash, tokenId: null }, bounds)
      }),
  }
}
