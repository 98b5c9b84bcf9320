/** Accounts on MongoDB. */
import type { Db } from "mongodb"
import { insertUnlessThere, makeIndexes, read, write } from "./mongoOperations.ts"
import type { Account, Accounts } from "./Store.ts"

interface AccountDocument extends Omit<Account, "id"> {
  readonly _id: string
  /** The address for lookups: in lower case. */
  readonly emailKey: string
}

const collectionOf = (db: Db) => db.collection<AccountDocument>("account")

export const indexAccounts = (db: Db): Promise<void> =>
  makeIndexes((bounds) => collectionOf(db).createIndex({ emailKey: 1 }, { name: "email", unique: true, ...bounds }))

export const mongoAccounts = (
  db: Db,
): Accounts & { readonly addUnlessThere: (account: Account) => Promise<boolean> } => {
  const accounts = collectionOf(db)
  return {
    find: (id) => read(db, "findAccount", async (bounds) => accountOf(await accounts.findOne({ _id: id }, bounds))),
    findByEmail: (email) =>
      read(db, "findAccountByEmail", async (bounds) =>
        accountOf(await accounts.findOne({ emailKey: email.toLowerCase() }, bounds)),
      ),
    all: () =>
      read(db, "allAccounts", async (bounds) => {
        const found = await accounts.find({}, { ...bounds, sort: { emailKey: 1 } }).toArray()
        return found.flatMap((document) => accountOf(document) ?? [])
      }),
    update: (id, { active, scopes }) =>
      write(db, "updateAccount", async (bounds) => {
        const changed = { ...(active === undefined ? {} : { active }), ...(scopes === undefined ? {} : { scopes }) }
        if (Object.keys(changed).length === 0) return accountOf(await accounts.findOne({ _id: id }, bounds))
        // Incremented for inactive accounts too: they have no valid session, so nothing is lost.
        const raised = active === false ? { $inc: { sessionGeneration: 1 } } : {}
        const options = { ...bounds, returnDocument: "after" } as const
        return accountOf(await accounts.findOneAndUpdate({ _id: id }, { $set: changed, ...raised }, options))
      }),
    addUnlessThere: ({ id, ...account }) =>
      write(db, "addAccount", (bounds) =>
        insertUnlessThere(accounts.insertOne({ _id: id, emailKey: account.email.toLowerCase(), ...account }, bounds)),
      ),
  }
}

const accountOf = (document: AccountDocument | null): Account | undefined => {
  if (document === null) return undefined
  const { _id, emailKey: _, ...account } = document
  return { id: _id, ...account }
}
