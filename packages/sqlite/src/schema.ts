/** The repository's tables. */
import { lifespanOfRow } from "./Lifespan.ts"
import type { Migration } from "./Migrations.ts"

/**
 * Instants are epoch milliseconds, lists are JSON text, and NULL is none. Other tables refer to `number`, so a lookup by
 * digest takes one step less than through the id. `history` comes late, so SQLite doesn't read past it for the columns
 * verifying needs.
 *
 * `api_token_newest` and `api_token_live` include the expiry and the revocation, so a list skips tokens in another state
 * without reading their rows; `lifespan` keeps most expired ones out of a list of live ones (Lifespan.ts).
 * `api_token_undelivered` holds numbers, because an id would take four times the space in every token.
 * `api_token_ancestor` inverts the ancestor lists, to find the tokens minted with a token.
 *
 * `api_token_usage` is a separate table because recording a use must never write to a token's row; its `scopes` are
 * pairs of a scope and an instant. `api_token_usage_since` has one row, written by the first `begin`. The single row of
 * `api_token_owner_change` is only there to be changed, which other processes notice. recordVersion.ts explains
 * `schema_version` and `readable_from`.
 */
export const tokenMigrations: ReadonlyArray<Migration> = [
  {
    version: 1,
    name: "tokens, their secrets and their uses",
    up: `
      CREATE TABLE api_token (
        number INTEGER PRIMARY KEY,
        schema_version INTEGER NOT NULL,
        readable_from INTEGER NOT NULL,
        id TEXT NOT NULL UNIQUE,
        owned_by TEXT NOT NULL,
        scopes TEXT NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER,
        revocation_reason TEXT,
        ancestors TEXT,
        bound_to TEXT,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        issued_to TEXT,
        revision INTEGER NOT NULL,
        undelivered INTEGER NOT NULL,
        history TEXT NOT NULL,
        lifespan INTEGER NOT NULL GENERATED ALWAYS AS (${lifespanOfRow}) VIRTUAL,
        CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
        CHECK (expires_at BETWEEN -8640000000000000 AND 8640000000000000),
        CHECK (revoked_at BETWEEN -8640000000000000 AND 8640000000000000),
        CHECK (created_at BETWEEN -8640000000000000 AND 8640000000000000)
      ) STRICT;
      CREATE INDEX api_token_newest ON api_token (owned_by, created_at DESC, id DESC, expires_at, revoked_at);
      CREATE INDEX api_token_live ON api_token
        (owned_by, lifespan DESC, created_at DESC, id DESC, expires_at, revoked_at) WHERE revoked_at IS NULL;
      CREATE INDEX api_token_issued_to ON api_token (issued_to, id) WHERE issued_to IS NOT NULL AND revoked_at IS NULL;
      CREATE INDEX api_token_owner_issued_to ON api_token (owned_by, issued_to, id)
        WHERE issued_to IS NOT NULL AND revoked_at IS NULL;
      CREATE INDEX api_token_created ON api_token (created_at, id) WHERE revoked_at IS NULL;
      CREATE INDEX api_token_expiry ON api_token (expires_at, id) WHERE expires_at IS NOT NULL;
      CREATE INDEX api_token_revoked ON api_token (revoked_at) WHERE revoked_at IS NOT NULL;
      CREATE INDEX api_token_undelivered ON api_token (number) WHERE undelivered > 0;

      CREATE TABLE api_token_secret (
        digest TEXT PRIMARY KEY,
        token_number INTEGER NOT NULL REFERENCES api_token ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        key_id TEXT,
        hint TEXT NOT NULL,
        state TEXT NOT NULL,
        state_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX api_token_secret_token ON api_token_secret (token_number, generation DESC);
      CREATE INDEX api_token_secret_key ON api_token_secret (key_id, token_number);

      CREATE TABLE api_token_ancestor (
        ancestor TEXT NOT NULL,
        token_number INTEGER NOT NULL REFERENCES api_token ON DELETE CASCADE,
        PRIMARY KEY (ancestor, token_number)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX api_token_ancestor_token ON api_token_ancestor (token_number);

      CREATE TABLE api_token_usage (
        token_number INTEGER NOT NULL REFERENCES api_token ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        count INTEGER NOT NULL,
        last_used_at INTEGER,
        scopes TEXT NOT NULL,
        reuses INTEGER NOT NULL,
        last_reused_at INTEGER,
        PRIMARY KEY (token_number, generation)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE api_token_usage_since (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        instant INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE api_token_owner_change (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        count INTEGER NOT NULL
      ) STRICT;
      INSERT INTO api_token_owner_change VALUES (1, 0);`,
    down: `
      DROP TABLE api_token_owner_change;
      DROP TABLE api_token_usage_since;
      DROP TABLE api_token_usage;
      DROP TABLE api_token_ancestor;
      DROP TABLE api_token_secret;
      DROP TABLE api_token;`,
  },
]
