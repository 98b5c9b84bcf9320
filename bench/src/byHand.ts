/** *By hand*: the least that a careful engineer would write. It has no reasons for a refusal, no catalogue and no record of uses. */
import { hash, randomFillSync } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { crc32 } from "node:zlib"
import { type Contestant, contestant } from "./contestant.ts"
import { lifetimeMilliseconds, ownerOf, scope } from "./setting.ts"

interface Row {
  readonly id: number
  readonly owner: string
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: number
  revokedAt: number | null
}

/** The token in an Authorization header, if its format is right: prefix, length and checksum. */
export const readToken = (header: string | undefined): string | undefined => {
  if (header === undefined || !header.startsWith("Bearer ")) return undefined
  const token = header.slice("Bearer ".length)
  if (token.length !== 53 || !token.startsWith("tok_")) return undefined
  return checksumOf(token.slice(4, 47)) === token.slice(47) ? token : undefined
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const checksumOf = (characters: string): string => {
  let text = ""
  for (let rest = crc32(characters); text.length < 6; rest = Math.floor(rest / 62)) text = alphabet[rest % 62] + text
  return text
}

export const digestOf = (token: string): string => hash("sha256", token, "hex")

const ownerIn = (caller: { readonly owner: string } | undefined) => caller?.owner

const callerOf = (row: Row | undefined, required: string) => {
  if (row === undefined || row.revokedAt !== null || row.expiresAt <= Date.now()) return undefined
  return row.scopes.includes(required) ? { id: row.id, owner: row.owner, scopes: row.scopes } : undefined
}

const rowOf = (index: number): Row => ({
  id: index,
  owner: ownerOf(index),
  scopes: [scope],
  expiresAt: Date.now() + lifetimeMilliseconds,
  revokedAt: null,
})

/** Rows in a `Map`, by their digest. */
export const tableOf = (plaintexts: ReadonlyArray<string>, revoked: ReadonlyArray<string>): Map<string, Row> => {
  const rows = new Map(plaintexts.map((token, index) => [digestOf(token), rowOf(index)]))
  for (const token of revoked) rows.set(digestOf(token), { ...rowOf(rows.size), revokedAt: Date.now() })
  return rows
}

/** The check as a function, for middleware. */
export const verifierInMemory = (rows: ReadonlyMap<string, Row>) => async (header: string | undefined) => {
  const token = readToken(header)
  return token === undefined ? undefined : callerOf(rows.get(digestOf(token)), scope)
}

export const inMemory = (plaintexts: ReadonlyArray<string>, revoked: ReadonlyArray<string>): Contestant =>
  contestant(verifierInMemory(tableOf(plaintexts, revoked)), ownerIn)

/** One prepared `SELECT`. The database gets its table here. */
export const onSqlite = (
  db: DatabaseSync,
  plaintexts: ReadonlyArray<string>,
  revoked: ReadonlyArray<string>,
): Contestant => {
  db.exec("PRAGMA journal_mode = WAL")
  db.exec(`CREATE TABLE by_hand (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, scopes TEXT NOT NULL,
    expires_at INTEGER, revoked_at INTEGER) STRICT`)
  const insert = db.prepare(
    "INSERT INTO by_hand (digest, owner, scopes, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?)",
  )
  db.exec("BEGIN")
  for (const [digest, { owner, scopes, expiresAt, revokedAt }] of tableOf(plaintexts, revoked)) {
    insert.run(digest, owner, JSON.stringify(scopes), expiresAt, revokedAt)
  }
  db.exec("COMMIT")
  const find = db.prepare("SELECT id, owner, scopes, expires_at, revoked_at FROM by_hand WHERE digest = ?")
  const verify = async (header: string) => {
    const token = readToken(header)
    // `node:sqlite` doesn't know the columns of a statement.
    const row = token === undefined ? undefined : (find.get(digestOf(token)) as unknown as SqlRow | undefined)
    if (row === undefined || row.revoked_at !== null || row.expires_at <= Date.now()) return undefined
    const scopes = JSON.parse(row.scopes) as ReadonlyArray<string>
    return scopes.includes(scope) ? { id: row.id, owner: row.owner, scopes } : undefined
  }
  return contestant(verify, ownerIn)
}

interface SqlRow {
  readonly id: number
  readonly owner: string
  readonly scopes: string
  readonly expires_at: number
  readonly revoked_at: number | null
}

/** A well-formed token: 43 random characters, by rejection of bytes above the largest multiple of 62, and their checksum. */
export const makeToken = (): string => {
  let characters = ""
  while (characters.length < 43) {
    const byte = randomByte()
    if (byte < 248) characters += alphabet[byte % 62]
  }
  return `tok_${characters}${checksumOf(characters)}`
}

const pool = new Uint8Array(4096)
let used = pool.length

const randomByte = (): number => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool[used++] as number
}

/** Issues tokens into a `Map`. */
export const issuerInMemory = () => {
  const rows = new Map<string, Row>()
  return async (index: number): Promise<string> => {
    const token = makeToken()
    rows.set(digestOf(token), rowOf(index))
    return token
  }
}
