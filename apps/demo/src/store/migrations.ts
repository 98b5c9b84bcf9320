/** The demo's own tables on SQLite. The adapter creates the tokens' tables. */
import type { Migration } from "@tokenry/sqlite"

export const migrationTable = "treasures_migration"

export const migrations: ReadonlyArray<Migration> = [
  {
    version: 1,
    name: "accounts, treasures and sessions",
    up: `
      CREATE TABLE account (
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE,
        password_hash TEXT NOT NULL,
        is_admin INTEGER NOT NULL,
        active INTEGER NOT NULL,
        scopes TEXT NOT NULL,
        session_generation INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE treasure (
        id TEXT PRIMARY KEY,
        owned_by TEXT NOT NULL,
        name TEXT NOT NULL,
        value REAL NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX treasure_newest ON treasure (owned_by, created_at DESC, id DESC);
      CREATE TABLE session (
        id_hash TEXT PRIMARY KEY,
        data TEXT NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX session_expiry ON session (expires_at);`,
    down: `
      DROP TABLE session;
      DROP TABLE treasure;
      DROP TABLE account;`,
  },
  {
    version: 2,
    name: "idempotency keys",
    up: `
      CREATE TABLE idempotency_key (
        key_hash TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        token_id TEXT,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);`,
    down: `
      DROP TABLE idempotency_key;`,
  },
  {
    version: 3,
    name: "the authorization server's records",
    up: `
      CREATE TABLE oauth_record (
        key TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        grant_id TEXT,
        account_id TEXT,
        client_id TEXT,
        uid_hash TEXT,
        consumed_at INTEGER,
        expires_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX oauth_record_grant ON oauth_record (grant_id) WHERE grant_id IS NOT NULL;
      CREATE INDEX oauth_record_account ON oauth_record (account_id, client_id) WHERE account_id IS NOT NULL;
      CREATE INDEX oauth_record_uid ON oauth_record (uid_hash) WHERE uid_hash IS NOT NULL;
      CREATE INDEX oauth_record_expiry ON oauth_record (expires_at);`,
    down: `
      DROP TABLE oauth_record;`,
  },
]
