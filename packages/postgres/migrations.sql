CREATE TABLE IF NOT EXISTS "public"."tokenry_migration" (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- 1: tokens, their secrets and uses
CREATE TABLE "public"."api_token" (
  id uuid CONSTRAINT "api_token_pkey" PRIMARY KEY,
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
  CONSTRAINT "api_token_revocation" CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL)),
  CONSTRAINT "api_token_undelivered" CHECK (undelivered >= 0),
  CONSTRAINT "api_token_readable_from" CHECK (readable_from <= schema_version)
);
CREATE INDEX "api_token_newest" ON "public"."api_token" (owned_by, created_at DESC, id DESC);
CREATE INDEX "api_token_lasting" ON "public"."api_token" (owned_by, created_at DESC, id DESC)
  WHERE revoked_at IS NULL AND expires_at IS NULL;
CREATE INDEX "api_token_expiring" ON "public"."api_token" (owned_by, expires_at, id) INCLUDE (created_at)
  WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX "api_token_revoked" ON "public"."api_token" (owned_by, created_at DESC, id DESC)
  WHERE revoked_at IS NOT NULL;
CREATE INDEX "api_token_issued_to" ON "public"."api_token" (issued_to, owned_by, id)
  WHERE revoked_at IS NULL AND issued_to IS NOT NULL;
CREATE INDEX "api_token_created" ON "public"."api_token" (created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX "api_token_expiry" ON "public"."api_token" (expires_at, id)
  WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX "api_token_died" ON "public"."api_token" (least(revoked_at, expires_at), id)
  WHERE revoked_at IS NOT NULL OR expires_at IS NOT NULL;
CREATE INDEX "api_token_undelivered" ON "public"."api_token" (id) WHERE undelivered > 0;
CREATE INDEX "api_token_ancestors" ON "public"."api_token" USING gin (ancestors) WHERE ancestors <> '{}';

CREATE TABLE "public"."api_token_secret" (
  digest bytea CONSTRAINT "api_token_secret_pkey" PRIMARY KEY,
  token_id uuid NOT NULL CONSTRAINT "api_token_secret_token" REFERENCES "public"."api_token" ON DELETE CASCADE,
  generation integer NOT NULL,
  key_id text,
  hint text NOT NULL,
  retiring_until timestamptz(3),
  retired_at timestamptz(3),
  CONSTRAINT "api_token_secret_digest" CHECK (octet_length(digest) = 32),
  CONSTRAINT "api_token_secret_state" CHECK (retiring_until IS NULL OR retired_at IS NULL)
);
CREATE UNIQUE INDEX "api_token_secret_generation" ON "public"."api_token_secret" (token_id, generation DESC);
CREATE UNIQUE INDEX "api_token_secret_active" ON "public"."api_token_secret" (token_id)
  WHERE retiring_until IS NULL AND retired_at IS NULL;
CREATE INDEX "api_token_secret_key" ON "public"."api_token_secret" (key_id, token_id);

CREATE TABLE "public"."api_token_usage" (
  token_id uuid NOT NULL CONSTRAINT "api_token_usage_token" REFERENCES "public"."api_token" ON DELETE CASCADE,
  generation integer NOT NULL,
  count bigint NOT NULL,
  last_used_at timestamptz(3),
  scopes jsonb NOT NULL,
  reuses bigint NOT NULL,
  last_reused_at timestamptz(3),
  CONSTRAINT "api_token_usage_pkey" PRIMARY KEY (token_id, generation)
);

CREATE TABLE "public"."api_token_usage_since" (
  only_row boolean CONSTRAINT "api_token_usage_since_pkey" PRIMARY KEY CHECK (only_row),
  instant timestamptz(3) NOT NULL
);

INSERT INTO "public"."tokenry_migration" (version, name) VALUES (1, 'tokens, their secrets and uses');
