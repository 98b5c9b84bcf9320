/** Moves stored digests to the active key: plain ones in the background, others when their plaintext is presented. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Digesting } from "../ports/digesting.ts"
import { streamModule } from "../ports/lazily.ts"
import type { Repository } from "../ports/Repository.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { Digest } from "../token/Digest.ts"
import type { TokenId } from "../token/TokenId.ts"
import { makeLaterWork } from "./LaterWork.ts"

interface KeyMover {
  /** A secret stored under another key, or none, was accepted. Moves it after the response. */
  readonly outdated: (tokenId: TokenId, generation: number, sha256: Digest) => void
}

/** How many tokens are converted in one call to the store. */
const convertedAtOnce = 50

/** How many secrets can be queued. The rest move the next time they are presented. */
const capacity = 1000

/**
 * Converts digests stored without a key, in the background. Each token is written under its own revision, so the
 * conversion can be interrupted and resumes on the next start. Verifies accept either digest in the meantime.
 */
export const makeKeyMover = Effect.fnUntraced(function* (repository: Repository, { toStore, isOutdated }: Digesting) {
  const waiting = new Set<TokenId>()

  /** Retries after a lost race until nothing is left to move. */
  const moveTo = (tokenId: TokenId, move: (token: ApiToken) => ApiToken | undefined): Effect.Effect<void, unknown> =>
    Effect.gen(function* () {
      const token = Option.getOrUndefined(yield* repository.findById(tokenId))
      const moved = token && move(token)
      if (token && moved) yield* repository.replace(moved, token.revision)
    }).pipe(Effect.retry({ while: (error) => error._tag === "RevisionConflict" }))

  /**
   * Retired secrets can't move, since no client presents them. They are dropped, or the old key would be needed for
   * ever.
   */
  const moveSecret = (tokenId: TokenId, generation: number, sha256: Digest) =>
    moveTo(tokenId, (token) =>
      token.secrets.some((secret) => secret.generation === generation && isOutdated(secret.keyId))
        ? token.rekey((secret) => {
            if (secret.generation === generation) return toStore(sha256)
            return secret.state._tag === "Retired" && isOutdated(secret.keyId) ? "forget" : undefined
          })
        : undefined,
    ).pipe(Effect.ensuring(Effect.sync(() => waiting.delete(tokenId))))

  /** A digest stored without a key is the SHA-256 itself. */
  const converted = (token: ApiToken): ApiToken | undefined =>
    token.secrets.some(({ keyId }) => Option.isNone(keyId))
      ? token.rekey((secret) => (Option.isNone(secret.keyId) ? toStore(secret.digest) : undefined))
      : undefined

  const convert = (id: TokenId) =>
    Effect.catchCause(moveTo(id, converted), () => Effect.logWarning(`Could not convert the digests of token ${id}`))

  /** Tokens that couldn't be converted together are read again and converted one by one. */
  const convertMany = (tokens: ReadonlyArray<ApiToken>) =>
    repository
      .replaceMany(
        tokens.flatMap((token) => {
          const moved = converted(token)
          return moved === undefined ? [] : [{ token: moved, expectedRevision: token.revision }]
        }),
      )
      .pipe(
        Effect.catchCause(() => Effect.succeed(tokens.map(({ id }) => id))),
        Effect.flatMap((missed) => Effect.forEach(missed, convert, { discard: true })),
      )

  const convertAll = Effect.gen(function* () {
    const Stream = yield* streamModule
    const tokens = yield* repository.withKey(Option.none())
    yield* Stream.runForEach(Stream.grouped(tokens, convertedAtOnce), convertMany)
  }).pipe(
    Effect.andThen(repository.keyIdsInUse),
    Effect.filterOrFail((keyIds) => !keyIds.some(Option.isNone)),
    Effect.catchCause(() => Effect.fail("some are left")),
  )

  yield* Effect.forkScoped(Effect.retry(convertAll, Schedule.spaced("30 seconds")))

  const later = yield* makeLaterWork<Effect.Effect<void, unknown>>(
    "Moving a secret to the active key",
    capacity,
    (work) => work,
  )
  const mover: KeyMover = {
    outdated: (tokenId, generation, sha256) => {
      if (waiting.has(tokenId)) return
      waiting.add(tokenId)
      if (!later.add(moveSecret(tokenId, generation, sha256))) waiting.delete(tokenId)
    },
  }
  return mover
})
