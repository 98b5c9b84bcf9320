/** Verifies on SQLite, beside a hand-written table in a file with the same settings. */
import { hash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createApiTokens } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"
import { compare, type Comparison, timeOf } from "./compare.ts"
import { request, requirement, scopes } from "./setting.ts"

const calls = 5_000
const rounds = 40
/** Rows that are never looked up, to give the index some depth. */
const others = 1_000

export const compareOnSqlite = async (): Promise<ReadonlyArray<Comparison>> => {
  const folder = mkdtempSync(join(tmpdir(), "tokenry-bench-"))
  const repository = SqliteRepository.layer({ filename: join(folder, "ours.sqlite") })
  const tokens = await createApiTokens({ repository, catalogue: scopes })
  const { plaintext } = await tokens.issue(request)
  for (let index = 0; index < others; index++) await tokens.issue(request)
  const { byHand, close } = handWritten(join(folder, "by-hand.sqlite"), plaintext)
  try {
    return [
      await compare("verify on SQLite, beside a hand-written table", "<= 1.2", rounds, {
        byHand: timeOf(calls, () => byHand(plaintext, "treasure:read")),
        ours: timeOf(calls, () => tokens.verify(plaintext, requirement)),
      }),
    ]
  } finally {
    close()
    await tokens.close()
    rmSync(folder, { recursive: true })
  }
}

/** The minimum that is still correct: hash, lookup, revoked, expired, scope. No checksum, no catalogue, no reasons. */
const handWritten = (filename: string, plaintext: string) => {
  const db = new DatabaseSync(filename)
  db.exec("PRAGMA journal_mode = WAL")
  db.exec(`CREATE TABLE api_token (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, scopes TEXT NOT NULL,
    expires_at INTEGER, revoked_at INTEGER) STRICT`)
  const insert = db.prepare("INSERT INTO api_token (digest, owner, scopes, expires_at) VALUES (?, ?, ?, ?)")
  const expiresAt = Date.now() + 90 * 24 * 60 * 60 * 1000
  for (const token of [plaintext, ...Array.from({ length: others }, (_, index) => String(index))]) {
    insert.run(hash("sha256", token, "hex"), request.ownedBy, JSON.stringify(request.scopes), expiresAt)
  }
  const find = db.prepare("SELECT id, owner, scopes, expires_at, revoked_at FROM api_token WHERE digest = ?")
  const byHand = async (token: string, scope: string) => {
    const row = find.get(hash("sha256", token, "hex"))
    if (row === undefined || row["revoked_at"] !== null || Number(row["expires_at"]) <= Date.now()) return undefined
    const scopes = JSON.parse(String(row["scopes"])) as ReadonlyArray<string>
    return scopes.includes(scope) ? { id: row["id"], owner: row["owner"], scopes } : undefined
  }
  return { byHand, close: () => db.close() }
}
