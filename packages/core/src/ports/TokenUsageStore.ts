/** The port to the usage records, which are stored beside the tokens, never inside them. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

/**
 * Belongs to a repository: purging a token also deletes its usage records. An outage is a `RepositoryUnavailable`, as
 * in the repository, after which the uses may or may not have been recorded. A missing or empty id or instant (from
 * JavaScript) is a defect.
 */
export class TokenUsageStore extends Context.Service<
  TokenUsageStore,
  {
    /**
     * Adds to the recorded usage: counts are summed, and the later of two instants is kept. Atomic per secret, so
     * concurrent processes lose no counts. Ignores tokens that don't exist. Not idempotent: recording the same usage
     * twice counts it twice.
     *
     * With `now`, an instant that was recorded for one of these secrets and is later than `now`, because a clock ran
     * ahead for a while, is replaced by `now`. None of the given instants is later.
     */
    readonly record: (
      usages: ReadonlyArray<SecretUsage>,
      now?: DateTime.Utc,
    ) => Effect.Effect<void, RepositoryUnavailable>

    /** The recorded usage of these tokens' secrets, in any order, in one query. With no ids, no query runs. */
    readonly usageOf: (ids: ReadonlyArray<TokenId>) => Effect.Effect<ReadonlyArray<SecretUsage>, RepositoryUnavailable>

    /** When recording started in this store: the instant of the very first call, even if several run concurrently. */
    readonly begin: (now: DateTime.Utc) => Effect.Effect<DateTime.Utc, RepositoryUnavailable>
  }
>()("@tokenry/core/TokenUsageStore") {}
