/** The authorization server's records on MongoDB, which removes expired ones by itself. */
import type { Db } from "mongodb"
import { makeIndexes, read, write } from "./mongoOperations.ts"
import type { FoundRecord, OAuthRecords } from "./OAuthRecords.ts"

interface RecordDocument {
  readonly _id: string
  readonly kind: string
  /** JSON, since field names that an app chooses may be none for MongoDB. */
  readonly payload: string
  readonly grantId?: string
  readonly accountId?: string
  readonly clientId?: string
  readonly uidHash?: string
  readonly consumedAt: Date | null
  readonly expiresAt: Date
}

const collectionOf = (db: Db) => db.collection<RecordDocument>("oauthRecord")

export const indexOAuthRecords = (db: Db): Promise<void> =>
  makeIndexes(async (bounds) => {
    const records = collectionOf(db)
    await records.createIndex({ expiresAt: 1 }, { name: "expiry", expireAfterSeconds: 0, ...bounds })
    await records.createIndex({ grantId: 1 }, { name: "grant", sparse: true, ...bounds })
    await records.createIndex({ accountId: 1, clientId: 1 }, { name: "account", sparse: true, ...bounds })
    await records.createIndex({ clientId: 1 }, { name: "client", sparse: true, ...bounds })
    await records.createIndex({ uidHash: 1 }, { name: "uid", sparse: true, ...bounds })
  })

export const mongoOAuthRecords = (db: Db): OAuthRecords => {
  const records = collectionOf(db)
  return {
    find: (key, now) =>
      read(db, "findOAuthRecord", async (bounds) =>
        foundIn(await records.findOne({ _id: key, expiresAt: { $gt: now } }, bounds)),
      ),
    findByUid: (uidHash, now) =>
      read(db, "findOAuthRecord", async (bounds) =>
        foundIn(await records.findOne({ uidHash, expiresAt: { $gt: now } }, bounds)),
      ),
    put: ({ key, kind, payload, grantId, accountId, clientId, uidHash, expiresAt }) =>
      write(db, "putOAuthRecord", async (bounds) => {
        const ids = {
          ...(grantId !== undefined && { grantId }),
          ...(accountId !== undefined && { accountId }),
          ...(clientId !== undefined && { clientId }),
          ...(uidHash !== undefined && { uidHash }),
        }
        const document = { kind, payload: JSON.stringify(payload), ...ids, consumedAt: null, expiresAt }
        await records.replaceOne({ _id: key }, document, { ...bounds, upsert: true })
      }),
    consume: (key, now) =>
      write(db, "consumeOAuthRecord", async (bounds) => {
        const unused = { _id: key, consumedAt: null, expiresAt: { $gt: now } }
        const { modifiedCount } = await records.updateOne(unused, { $set: { consumedAt: now } }, bounds)
        return modifiedCount === 1
      }),
    remove: (key) =>
      write(db, "removeOAuthRecord", async (bounds) => {
        await records.deleteOne({ _id: key }, bounds)
      }),
    removeOfGrant: (kind, grantId) =>
      write(db, "removeOAuthRecordsOfGrant", async (bounds) => {
        await records.deleteMany({ grantId, kind }, bounds)
      }),
    keepUntil: (key, expiresAt) =>
      write(db, "keepOAuthRecord", async (bounds) => {
        await records.updateOne({ _id: key }, { $max: { expiresAt } }, bounds)
      }),
    grants: ({ accountId, clientId }, now) =>
      read(db, "listGrants", async (bounds) => {
        const those = { accountId: accountId ?? { $exists: true }, ...(clientId !== undefined && { clientId }) }
        const found = records.find({ ...those, expiresAt: { $gt: now } }, bounds).sort({ clientId: 1, _id: 1 })
        return (await found.toArray()).map(({ payload: json, accountId = "", clientId = "" }) => {
          const payload = JSON.parse(json) as { readonly jti: string }
          return { id: payload.jti, accountId, clientId, payload }
        })
      }),
    grantedClients: (now) =>
      read(db, "listGrantedClients", async (bounds) => {
        const granted = { accountId: { $exists: true }, expiresAt: { $gt: now } }
        const clientIds = await records.distinct("clientId", granted, bounds)
        return clientIds.filter((clientId) => clientId !== undefined).toSorted()
      }),
  }
}

const foundIn = (document: RecordDocument | null): FoundRecord | undefined =>
  document === null
    ? undefined
    : { payload: JSON.parse(document.payload) as object, consumedAt: document.consumedAt ?? undefined }
