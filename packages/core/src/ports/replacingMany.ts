/** `replaceMany` for every store, whether it has its own or not. */
import * as Effect from "effect/Effect"
import type { ApiTokenRepository, Replacement } from "./ApiTokenRepository.ts"

type Repository = Pick<ApiTokenRepository["Service"], "replace" | "replaceMany">
type ReplaceMany = NonNullable<Repository["replaceMany"]>

/** How many replaces run at a time, so a server commits several of them at once. */
const concurrency = 8

/** The store's own `replaceMany`, or one that calls `replace` for each. */
export const replacingMany = (repository: Repository): ReplaceMany =>
  repository.replaceMany ??
  ((replacements) =>
    Effect.map(
      Effect.forEach(replacements, (replacement) => missed(repository, replacement), { concurrency }),
      (ids) => ids.flat(),
    ))

const missed = ({ replace }: Repository, { token, expectedRevision }: Replacement) =>
  replace(token, expectedRevision).pipe(
    Effect.as([]),
    Effect.catchTag(["RevisionConflict", "DuplicateToken"], () => Effect.succeed([token.id])),
  )
