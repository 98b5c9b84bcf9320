/** The demo's own tables on PostgreSQL. The adapter creates the tokens' tables. */
import type { MigrateOptions } from "@tokenry/postgres"

export const postgresMigrations: MigrateOptions = {
  table: "treasures_migration",
  migrations: [
    {
      version: 1,
      name: "accounts, treasures, sessions, idempotency keys and rate limits",
      up: `
        CREATE TABLE account (
          id text PRIMARY KEY,
          email text NOT NULL,
          password_hash text NOT NULL,
          is_admin boolean NOT NULL,
          active boolean NOT NULL,
          scopes text[] NOT NULL,
          session_generation integer NOT NULL
        );
        CREATE UNIQUE INDEX account_email ON account (lower(email));
        CREATE TABLE treasure (
          id text PRIMARY KEY,
          owned_by text NOT NULL,
          name text NOT NULL,
          value double precision NOT NULL,
          created_at timestamptz(3) NOT NULL
        );
        CREATE INDEX treasure_newest ON treasure (owned_by, created_at DESC, id DESC);
        CREATE TABLE session (
          id_hash text PRIMARY KEY,
          data jsonb NOT NULL,
          expires_at timestamptz(3) NOT NULL
        );
        CREATE INDEX session_expiry ON session (expires_at);
        CREATE TABLE idempotency_key (
          key_hash text PRIMARY KEY,
          fingerprint text NOT NULL,
          token_id text,
          expires_at timestamptz(3) NOT NULL
        );
        CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);
        -- As rate-limiter-flexible wants it. A crash may lose a minute's counts.
        CREATE UNLOGGED TABLE rate_limit (
          key text PRIMARY KEY,
          points integer NOT NULL,
          expire bigint
        );`,
      down: `
        DROP TABLE rate_limit;
        DROP TABLE idempotency_key;
        DROP TABLE session;
        DROP TABLE treasure;
        DROP TABLE account;`,
    },
    {
      version: 2,
      name: "the authorization server's records",
      // The payload is text: jsonb refuses NUL, which an app may send.
      up: `
        CREATE TABLE oauth_record (
          key text PRIMARY KEY,
          kind text NOT NULL,
          payload text NOT NULL,
          grant_id text,
          account_id text,
          client_id text,
          uid_hash text,
          consumed_at timestamptz(3),
          expires_at timestamptz(3) NOT NULL
        );
        CREATE INDEX oauth_record_grant ON oauth_record (grant_id) WHERE grant_id IS NOT NULL;
        CREATE INDEX oauth_record_account ON oauth_record (account_id, client_id) WHERE account_id IS NOT NULL;
        CREATE INDEX oauth_record_uid ON oauth_record (uid_hash) WHERE uid_hash IS NOT NULL;
        CREATE INDEX oauth_record_expiry ON oauth_record (expires_at);`,
      down: `
        DROP TABLE oauth_record;`,
    },
  ],
}
