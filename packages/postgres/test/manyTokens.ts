/** SQL that fills a store's tables with many tokens at once, for tests of plans. */
import { at } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"

interface Many {
  /** Tokens of 200 owners, `owner-0` to `owner-199`, one for each millisecond before `at(0)`. */
  readonly tokens: number
  /** Dead tokens of `owner-dead`, half of them revoked and half expired, besides three live ones. */
  readonly dead: number
}

/** A third expires, some are revoked, minted, issued to an app, under a key or undelivered. */
export const manyTokens = ({ tokens, dead }: Many): string => `
  WITH numbered AS (
    SELECT n, gen_random_uuid() AS id, timestamptz '${DateTime.formatIso(at(0))}' AS zero, n >= ${tokens} AS is_deads
    FROM generate_series(0, ${tokens + dead + 2}) AS n
  ), token AS (
    INSERT INTO api_token (id, owned_by, name, scopes, created_at, expires_at, revoked_at, revocation_reason, ancestors,
      issued_to, history, undelivered, revision, schema_version, readable_from)
    SELECT id,
      CASE WHEN is_deads THEN 'owner-dead' ELSE 'owner-' || n % 200 END,
      'CI', ARRAY['treasure:read'], zero - n * interval '1 ms',
      CASE
        WHEN is_deads THEN zero + (CASE WHEN n >= ${tokens + dead} THEN n ELSE -n END) * interval '1 ms'
        WHEN n % 3 = 0 THEN zero + (${tokens / 2} - n) * interval '1 ms'
      END,
      CASE WHEN (n % 11 = 0 AND NOT is_deads) OR (is_deads AND n % 2 = 0 AND n < ${tokens + dead}) THEN zero - n * interval '1 ms' END,
      CASE WHEN (n % 11 = 0 AND NOT is_deads) OR (is_deads AND n % 2 = 0 AND n < ${tokens + dead}) THEN 'r' END,
      CASE WHEN n % 50 = 0 THEN ARRAY[gen_random_uuid()] ELSE '{}' END,
      CASE WHEN n % 5 = 0 THEN 'app-' || n % 7 END,
      '[]', CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, 1, 1, 1
    FROM numbered
    RETURNING id
  ), used AS (
    INSERT INTO api_token_usage (token_id, generation, count, scopes, reuses)
    SELECT id, 1, 1, '{}', 0 FROM numbered
  )
  INSERT INTO api_token_secret (digest, token_id, generation, key_id, hint)
  SELECT sha256(n::text::bytea), id, 1, CASE WHEN n % 4 = 0 THEN 'key-' || n % 3 END, 'tok_…test' FROM numbered`
