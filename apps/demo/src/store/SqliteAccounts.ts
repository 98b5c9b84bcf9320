/** Accounts on SQLite. */
import type { DatabaseSync } from "node:sqlite"
import type { SqliteDatabase } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"
import type { Account, Accounts } from "./Store.ts"

/** Prepares its statements once, so the tables must exist. */
export const sqliteAccounts = (database: SqliteDatabase): Accounts => {
  const { connection } = database
  const byId = connection.prepare("SELECT * FROM account WHERE id = ?")
  const byEmail = connection.prepare("SELECT * FROM account WHERE email = ?")
  const byAddress = connection.prepare("SELECT * FROM account ORDER BY email")
  const change = connection.prepare(
    `UPDATE account SET
       session_generation = session_generation + (active AND NOT coalesce(:active, active)),
       active = coalesce(:active, active),
       scopes = coalesce(:scopes, scopes)
     WHERE id = :id
     RETURNING *`,
  )
  return {
    find: (id) => Effect.runPromise(database.read("findAccount", () => accountOf(byId.get(id)))),
    findByEmail: (email) => Effect.runPromise(database.read("findAccountByEmail", () => accountOf(byEmail.get(email)))),
    all: () =>
      Effect.runPromise(database.read("allAccounts", () => byAddress.all().flatMap((row) => accountOf(row) ?? []))),
    update: (id, { active, scopes }) =>
      Effect.runPromise(
        database.write("updateAccount", () =>
          accountOf(
            change.get({
              id,
              active: active === undefined ? null : Number(active),
              scopes: scopes === undefined ? null : JSON.stringify(scopes),
            }),
          ),
        ),
      ),
  }
}

export const insertAccount = (db: DatabaseSync, account: Account): void => {
  db.prepare("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?)").run(
    account.id,
    account.email,
    account.passwordHash,
    Number(account.isAdmin),
    Number(account.active),
    JSON.stringify(account.scopes),
    account.sessionGeneration,
  )
}

const accountOf = (row: Record<string, unknown> | undefined): Account | undefined =>
  row && {
    id: String(row["id"]),
    email: String(row["email"]),
    passwordHash: String(row["password_hash"]),
    isAdmin: row["is_admin"] === 1,
    active: row["active"] === 1,
    scopes: JSON.parse(String(row["scopes"])) as ReadonlyArray<string>,
    sessionGeneration: Number(row["session_generation"]),
  }
