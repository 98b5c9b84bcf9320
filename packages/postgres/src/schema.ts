/** The tables that the repository keeps its tokens in, step by step. */
import type { Migration } from "./Migrations.ts"
import type { TableOptions } from "./options.ts"
import { type Tables, tablesOf } from "./tables.ts"

/**
 * The repository's own migrations, for tables in this schema and with this prefix. A released one is never edited: what
 * comes next gets the next number.
 */
export const tokenMigrations = (options: TableOptions = {}): ReadonlyArray<Migration> => {
  const tables = tablesOf(options)
  return [{ version: 1, name: "tokens, their secrets and uses", ...initial(tables) }]
}

/**
 * What a row of `api_token` says about the code that wrote it, so that two versions may run at once: `schema_version` is
 * that code's, and code that knows a lower one never changes the row; `readable_from` is the lowest version that may read it.
 */
export const schemaVersion = 1

/**
 * `died` is when a token was revoked or expires, whichever is earlier. Owners' lists go by `newest`, or by the three indexes
 * that have only the dead or the live ones, so that tens of thousands of dead tokens cost nothing beside a few live ones.
 * Verifying goes from the secret's primary key to the token's.
 */
const initial = ({ token, secret, usage, usageSince, prefix }: Tables): Pick<Migration, "up" | "down"> => ({
  up: `
CREATE TABLE ${token} (
  id uuid CONSTRAINT "${prefix}api_token_pkey" PRIMARY KEY,
  owned_by text NOT NULL,
  name text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revocation_reason text,
  ancestors uuid[] NOT NULL,
  bound_to text,
  issued_to text,
  history jsonb NOT NULL,
  undelivered integer NOT NULL,
  revision bigint NOT NULL,
  schema_version smallint NOT NULL,
  readable_from smallint NOT NULL,
  CONSTRAINT "${prefix}api_token_revocation" CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
  CONSTRAINT "${prefix}api_token_undelivered" CHECK (undelivered >= 0),
  CONSTRAINT "${prefix}api_token_readable_from" CHECK (readable_from <= schema_version)
);
CREATE INDEX "${prefix}api_token_newest" ON ${token} (owned_by, created_at DESC, id DESC);
CREATE INDEX "${prefix}api_token_lasting" ON ${token} (owned_by, created_at DESC, id DESC)
  WHERE revoked_at IS NULL AND expires_at IS NULL;
CREATE INDEX "${prefix}api_token_expiring" ON ${token} (owned_by, expires_at, id) INCLUDE (created_at)
  WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX "${prefix}api_token_revoked" ON ${token} (owned_by, created_at DESC, id DESC)
  WHERE revoked_at IS NOT NULL;
CREATE INDEX "${prefix}api_token_issued_to" ON ${token} (issued_to, owned_by, id)
  WHERE revoked_at IS NULL AND issued_to IS NOT NULL;
CREATE INDEX "${prefix}api_token_created" ON ${token} (created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX "${prefix}api_token_expiry" ON ${token} (expires_at, id)
  WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX "${prefix}api_token_died" ON ${token} (least(revoked_at, expires_at), id)
  WHERE revoked_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX "${prefix}api_token_undelivered" ON ${token} (id) WHERE undelivered > 0;
CREATE INDEX "${prefix}api_token_ancestors" ON ${token} USING gin (ancestors) WHERE ancestors <> '{}';

CREATE TABLE ${secret} (
  digest bytea CONSTRAINT "${prefix}api_token_secret_pkey" PRIMARY KEY,
  token_id uuid NOT NULL CONSTRAINT "${prefix}api_token_secret_token" REFERENCES ${token} ON DELETE CASCADE,
  generation integer NOT NULL,
  key_id text,
  hint text NOT NULL,
  retiring_until timestamptz(3),
  retired_at timestamptz(3),
  CONSTRAINT "${prefix}api_token_secret_digest" CHECK (octet_length(digest) = 32),
  CONSTRAINT "${prefix}api_token_secret_state" CHECK (retiring_until IS NULL OR retired_at IS NULL)
);
CREATE UNIQUE INDEX "${prefix}api_token_secret_generation" ON ${secret} (token_id, generation DESC);
CREATE UNIQUE INDEX "${prefix}api_token_secret_active" ON ${secret} (token_id)
  WHERE retiring_until IS NULL AND retired_at IS NULL;
CREATE INDEX "${prefix}api_token_secret_key" ON ${secret} (key_id, token_id);

CREATE TABLE ${usage} (
  token_id uuid NOT NULL CONSTRAINT "${prefix}api_token_usage_token" REFERENCES ${token} ON DELETE CASCADE,
  generation integer NOT NULL,
  count bigint NOT NULL,
  last_used_at timestamptz(3),
  scopes jsonb NOT NULL,
  reuses bigint NOT NULL,
  last_reused_at timestamptz(3),
  CONSTRAINT "${prefix}api_token_usage_pkey" PRIMARY KEY (token_id, generation)
);

CREATE TABLE ${usageSince} (
  only_row boolean CONSTRAINT "${prefix}api_token_usage_since_pkey" PRIMARY KEY CHECK (only_row),
  instant timestamptz(3) NOT NULL
);`,
  down: `
DROP TABLE ${usageSince};
DROP TABLE ${usage};
DROP TABLE ${secret};
DROP TABLE ${token};`,
})
