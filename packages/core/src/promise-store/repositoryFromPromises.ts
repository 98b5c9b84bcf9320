/** Builds a repository from async functions and plain values, for stores written without Effect. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { lazily } from "../ports/lazily.ts"
import { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import type { StoredToken } from "./StoredToken.ts"

/**
 * The functions of a store. They return values as they received them: instants to the millisecond, `null` as `null`. If
 * a function throws or rejects, that counts as an outage, and the use case fails with `RepositoryUnavailable`.
 */
export interface PromiseStore {
  /** Adds a token, atomically; `"duplicate"`, and nothing is written, if its id or one of its digests exists. */
  readonly insert: (token: StoredToken) => Promise<"inserted" | "duplicate">
  /** `null` if there is none. */
  readonly findById: (id: string) => Promise<StoredToken | null>
  /** The tokens that exist, in any order. */
  readonly findManyById: (ids: ReadonlyArray<string>) => Promise<ReadonlyArray<StoredToken>>
  /** The token that has a secret with one of these digests, whatever its state; `null` if none has. Needs an index. */
  readonly findByDigest: (digests: ReadonlyArray<string>) => Promise<StoredToken | null>
  /**
   * Writes the token if the stored one has this revision: an atomic compare-and-set. `"conflict"` if the revision is another
   * or the token is gone, `"duplicate"` if another token has one of its digests; nothing is written then.
   */
  readonly replace: (token: StoredToken, expectedRevision: number) => Promise<"replaced" | "conflict" | "duplicate">
  /**
   * At most `limit` of the owner's tokens, the newest first: by `createdAt`, then by `id`, both descending. `after`: only
   * those that come after this position. Needs an index.
   */
  readonly listOwnedBy: (query: {
    readonly ownedBy: string
    readonly after: { readonly createdAt: Date; readonly id: string } | null
    readonly limit: number
  }) => Promise<ReadonlyArray<StoredToken>>
  /** At most `limit` of all tokens, ascending by `id`, whose id is greater than `after`; from the first if it is `null`. */
  readonly scan: (query: {
    readonly after: string | null
    readonly limit: number
  }) => Promise<ReadonlyArray<StoredToken>>
  /** Removes these tokens, and returns how many of them existed: of concurrent calls, one alone counts a token. */
  readonly remove: (ids: ReadonlyArray<string>) => Promise<number>
}

/**
 * A repository layer for `createApiTokens({ repository })`. Everything that maintenance needs (revoking an owner's tokens,
 * purging, key conversion, audit delivery) is built from these eight functions: per-owner work reads the owner's tokens,
 * the rest scans the store. A store for millions of tokens should implement `ApiTokenRepository` itself.
 */
export const repositoryFromPromises = (store: PromiseStore): Layer.Layer<ApiTokenRepository> =>
  Layer.effect(
    ApiTokenRepository,
    Effect.map(implementation, ({ repositoryOn }) => repositoryOn(store)),
  )

const implementation = lazily(() => import("./repositoryOn.ts"))
