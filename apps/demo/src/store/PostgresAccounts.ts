/** Accounts on PostgreSQL. */
import type { PostgresDatabase, Query } from "@tokenry/postgres"
import { run } from "./postgresOperations.ts"
import type { Account, Accounts } from "./Store.ts"

/** Every value arrives as text. */
interface AccountRow {
  readonly id: string
  readonly email: string
  readonly password_hash: string
  readonly is_admin: string
  readonly active: string
  readonly scopes: string
  readonly session_generation: string
}

const columns = "id, email, password_hash, is_admin, active, to_json(scopes) AS scopes, session_generation"

export const postgresAccounts = (database: PostgresDatabase): Accounts => {
  return {
    find: (id) => run(database.read("findAccount", (query) => one(query, "id = $1", id))),
    findByEmail: (email) =>
      run(database.read("findAccountByEmail", (query) => one(query, "lower(email) = lower($1)", email))),
    all: () =>
      run(
        database.read("allAccounts", async (query) => {
          const rows = await query<AccountRow>({ text: `SELECT ${columns} FROM account ORDER BY lower(email)` })
          return rows.map(accountOf)
        }),
      ),
    update: (id, { active, scopes }) =>
      run(
        database.write("updateAccount", async (query) => {
          const text = `UPDATE account SET
              session_generation = session_generation + (active AND NOT coalesce($2, active))::integer,
              active = coalesce($2, active), scopes = coalesce($3, scopes)
            WHERE id = $1 RETURNING ${columns}`
          const [row] = await query<AccountRow>({ text }, [
            id,
            active ?? null,
            scopes === undefined ? null : [...scopes],
          ])
          return row && accountOf(row)
        }),
      ),
  }
}

export const insertAccount = async (query: Query, account: Account): Promise<void> => {
  const { id, email, passwordHash, isAdmin, active, scopes, sessionGeneration } = account
  await query({ text: "INSERT INTO account VALUES ($1, $2, $3, $4, $5, $6, $7)" }, [
    id,
    email,
    passwordHash,
    isAdmin,
    active,
    [...scopes],
    sessionGeneration,
  ])
}

const one = async (query: Query, condition: string, value: string): Promise<Account | undefined> => {
  const [row] = await query<AccountRow>({ text: `SELECT ${columns} FROM account WHERE ${condition}` }, [value])
  return row && accountOf(row)
}

const accountOf = (row: AccountRow): Account => ({
  id: row.id,
  email: row.email,
  passwordHash: row.password_hash,
  isAdmin: row.is_admin === "t",
  active: row.active === "t",
  scopes: JSON.parse(row.scopes) as ReadonlyArray<string>,
  sessionGeneration: Number(row.session_generation),
})
