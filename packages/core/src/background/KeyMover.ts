/** Moves stored digests to the active key: plain ones at once, others when their plaintext is presented. */
import { Effect, Option, Schedule, Stream } from "effect"
import type { Digesting } from "../ports/digesting.ts"
import type { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { Digest } from "../token/Digest.ts"
import type { TokenId } from "../token/TokenId.ts"
import { makeLaterWork } from "./LaterWork.ts"

interface KeyMover {
  /** A secret that is stored under another key, or none, was accepted: it moves off the request's path. */
  readonly outdated: (tokenId: TokenId, generation: number, sha256: Digest) => void
}

/** How many secrets may wait to move. Those that find no place move when they are presented again. */
const capacity = 1000

/**
 * Converts what is stored without a key, in the background: each token by a write of its own, so that it can be
 * interrupted and goes on when it is opened again, and others verify meanwhile, under either digest.
 */
export const makeKeyMover = Effect.fnUntraced(function* (
  repository: ApiTokenRepository["Service"],
  { toStore, isOutdated }: Digesting,
) {
  const waiting = new Set<TokenId>()

  /** Reads again after a lost race, until nothing is left to move. */
  const moveTo = (tokenId: TokenId, move: (token: ApiToken) => ApiToken | undefined): Effect.Effect<void, unknown> =>
    Effect.gen(function* () {
      const token = Option.getOrUndefined(yield* repository.findById(tokenId))
      const moved = token && move(token)
      if (token && moved) yield* repository.replace(moved, token.revision)
    }).pipe(Effect.retry({ while: (error) => error._tag === "RevisionConflict" }))

  /** Retired secrets can't move, since nobody presents them; they are forgotten, or the old key would be needed for ever. */
  const moveSecret = (tokenId: TokenId, generation: number, sha256: Digest) =>
    moveTo(tokenId, (token) =>
      token.secrets.some((secret) => secret.generation === generation && isOutdated(secret.keyId))
        ? token.rekey((secret) => {
            if (secret.generation === generation) return toStore(sha256)
            return secret.state._tag === "Retired" && isOutdated(secret.keyId) ? "forget" : undefined
          })
        : undefined,
    ).pipe(Effect.ensuring(Effect.sync(() => waiting.delete(tokenId))))

  /** What is stored without a key is the SHA-256 itself. */
  const convert = ({ id }: ApiToken) =>
    moveTo(id, (token) =>
      token.secrets.some(({ keyId }) => Option.isNone(keyId))
        ? token.rekey((secret) => (Option.isNone(secret.keyId) ? toStore(secret.digest) : undefined))
        : undefined,
    )

  const convertAll = Stream.runForEach(repository.withKey(Option.none()), (token) =>
    Effect.catchCause(convert(token), () =>
      Effect.logWarning(`The digests of the token ${token.id} were not converted`),
    ),
  ).pipe(
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
