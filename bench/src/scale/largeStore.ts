/** Builds stores of a million tokens in seconds, by SQL, in the tables that the store made itself. */
import { createHash, hash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { TokenFormat } from "@tokenry/core"
import { migrate, SqliteDatabase, SqliteRepository } from "@tokenry/sqlite"
import * as Effect from "effect/Effect"

/** How many tokens of each kind a store has. All counts follow from the first. */
export interface Size {
  readonly tokens: number
  /** Of the owner "hoarder". */
  readonly hoarded: number
  /** The newest of those, which have expired. */
  readonly dead: number
  /** Issued to the app "app", each to another owner. */
  readonly ofApp: number
  /** Expired 300 days ago. */
  readonly purgeable: number
  /** Live, and older than all other live ones. */
  readonly old: number
}

/** The kinds are interleaved, as if all owners had issued tokens all the time. */
export const sizeOf = (tokens: number): Size => ({
  tokens,
  hoarded: Math.floor(tokens / hoarderEvery),
  dead: Math.floor((tokens / hoarderEvery) * deadShare),
  ofApp: Math.floor(tokens / appEvery),
  purgeable: Math.floor(tokens / 22),
  old: Math.floor(tokens / 22),
})

const hoarderEvery = 11
const deadShare = 0.6
const appEvery = 22
const verifiableEvery = 11

const day = 24 * 60 * 60 * 1000

const format = TokenFormat.checksummed({ prefix: "tok" })

/** The plaintext of the token with this number, if it is verifiable. */
const plaintextOf = (number: number): string =>
  format.make(createHash("sha512").update(`token ${number}`).digest()) ?? ""

/** The plaintexts of this many live tokens of people, or of all if there are fewer. */
export const verifiable = ({ tokens, purgeable, old }: Size, count: number): ReadonlyArray<string> => {
  const plaintexts: Array<string> = []
  for (let number = Math.ceil((purgeable + old) * 1.2); number < tokens && plaintexts.length < count; number++) {
    if (number % verifiableEvery === 2) plaintexts.push(plaintextOf(number))
  }
  return plaintexts
}

/** A store with this many tokens in a new file, its indexes built last, and its statistics as the store leaves them. */
export const buildSqlite = async (filename: string, size: Size, now: number): Promise<void> => {
  const database = await Effect.runPromise(SqliteDatabase.open({ filename }))
  await Effect.runPromise(migrate(database, { migrations: SqliteRepository.migrations }))
  database.close()

  const db = new DatabaseSync(filename)
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")
  db.function("digest_of", { deterministic: true }, (number) => hash("sha256", plaintextOf(Number(number)), "hex"))
  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all()
  for (const { name } of indexes) db.exec(`DROP INDEX ${String(name)}`)
  db.exec(tokensSql(size, now))
  db.exec(secretsSql)
  db.exec(usageSql(size, now))
  for (const { sql } of indexes) db.exec(String(sql))
  db.exec("PRAGMA journal_mode = WAL")
  db.close()
}

const tokensSql = ({ tokens, hoarded, dead, purgeable, old }: Size, now: number): string => `
  WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ${tokens}),
  kinds AS (SELECT n, CASE
      WHEN n % ${hoarderEvery} = 0 THEN 'hoarder'
      WHEN n % ${appEvery} = 1 THEN 'app'
      WHEN n < ${Math.ceil(purgeable * 1.2)} THEN 'gone'
      WHEN n < ${Math.ceil((purgeable + old) * 1.2)} THEN 'old'
      ELSE 'person' END AS kind,
      CAST(CASE WHEN n < ${Math.ceil((purgeable + old) * 1.2)}
        THEN ${now - 360 * day} + n * ${15 * day} / ${tokens / 10}
        ELSE ${now - 300 * day} + n * ${299 * day} / ${tokens} END AS INTEGER) AS created_at
    FROM counted)
  INSERT INTO api_token (number, schema_version, readable_from, id, owned_by, scopes, expires_at, name, created_at,
    issued_to, revision, undelivered, history)
  SELECT n + 1, 1, 1,
    printf('%08x-%04x-7%03x-8%03x-%012x', created_at >> 16, created_at & 65535, n & 4095, n >> 12, random() & ${0xff_ff_ff_ff_ff}),
    CASE kind WHEN 'hoarder' THEN 'hoarder' WHEN 'app' THEN 'member-' || n ELSE 'user-' || (n / 10) END,
    '["treasure:read"]',
    CASE
      WHEN kind = 'hoarder' AND n / ${hoarderEvery} >= ${hoarded - dead} THEN created_at + 3600000
      WHEN kind = 'gone' THEN created_at + ${30 * day}
      WHEN n % 3 = 0 THEN NULL
      ELSE ${now + 5 * day} + n
    END,
    'CI of the shop', created_at, CASE kind WHEN 'app' THEN 'app' END, 1, 1,
    '[{"kind":"issued","at":' || created_at || ',"actor":{"kind":"person","id":"user-' || (n / 10) || '"},"origin":{"address":"192.0.2.1"}}]'
  FROM kinds;`

const secretsSql = `
  INSERT INTO api_token_secret (digest, token_number, generation, hint, state)
  SELECT digest, number, 1, 'tok_…7T0m', 'active' FROM (
    SELECT number, CASE WHEN (number - 1) % ${verifiableEvery} = 2 THEN digest_of(number - 1) ELSE lower(hex(randomblob(32))) END AS digest
    FROM api_token ORDER BY digest);`

/** Uses have been recorded for more than a year. All old tokens but one in 50 were used yesterday. */
const usageSql = ({ purgeable, old }: Size, now: number): string => `
  INSERT INTO api_token_usage_since VALUES (1, ${now - 400 * day});
  INSERT INTO api_token_usage (token_number, generation, count, last_used_at, scopes, reuses)
  SELECT number, 1, 5, ${now - day}, '[["treasure:read",${now - day}]]', 0
  FROM api_token WHERE number <= ${Math.ceil((purgeable + old) * 1.2)} AND number % 50 != 0;`
