/** The port to where uses of tokens are recorded: beside the tokens, never in them. */
import { Context, type DateTime, type Effect } from "effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"

/**
 * It belongs to a repository: what is recorded of a token is gone when that one has purged the token. An outage is a
 * `RepositoryUnavailable`, as of the repository; after one, what was to be recorded may or may not be. An id or an
 * instant that is missing or empty (from JavaScript) is a defect.
 */
export class TokenUsageStore extends Context.Service<
  TokenUsageStore,
  {
    /**
     * Adds what was seen to what is recorded: counts are summed, of two instants the later one stays. Atomic for each
     * secret, so that what several processes record at once is all there. Uses of a token that there is not (any more)
     * are ignored. What comes twice is counted twice.
     */
    readonly record: (usages: ReadonlyArray<SecretUsage>) => Effect.Effect<void, RepositoryUnavailable>

    /** What is recorded of the secrets of these tokens, in no particular order, in one query. No ids, no query. */
    readonly usageOf: (ids: ReadonlyArray<TokenId>) => Effect.Effect<ReadonlyArray<SecretUsage>, RepositoryUnavailable>

    /** Since when uses are recorded here: the instant that the very first call gave, of any number at once. */
    readonly begin: (now: DateTime.Utc) => Effect.Effect<DateTime.Utc, RepositoryUnavailable>
  }
>()("@tokenry/core/TokenUsageStore") {}
