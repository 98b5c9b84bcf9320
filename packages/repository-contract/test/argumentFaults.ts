/** Faults in what becomes of arguments that are missing, or are none: those by which a program without types loses most. */
import type { ApiTokenRepository, Digest } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Fault, fault } from "./faults.ts"

type Repository = ApiTokenRepository["Service"]

const findingAnyByNothing = (right: Repository): Partial<Repository> => {
  const stored: Array<Digest> = []
  return {
    insert: (token) => Effect.tap(right.insert(token), () => Effect.sync(() => stored.push(token.secrets[0].digest))),
    findByDigest: (candidates) =>
      right.findByDigest(candidates.every((digest) => Boolean(digest?.hex)) ? candidates : stored),
  }
}

export const argumentFaults: ReadonlyArray<Fault> = [
  fault(
    "an object that is nobody",
    "a missing or empty owner is an error, and nothing is read or changed",
    (right) => ({
      listOwnedBy: (query) => (typeof query.ownedBy === "string" ? right.listOwnedBy(query) : Effect.succeed([])),
    }),
  ),
  fault(
    "arguments looked at only where there are tokens",
    "a missing or invalid instant is an error, and nothing is read or changed",
    (right) => ({
      purge: (diedBefore) =>
        Effect.flatMap(right.keyIdsInUse, (keyIds) =>
          keyIds.length === 0 ? Effect.succeed(0) : right.purge(diedBefore),
        ),
    }),
  ),
  fault("a revision that is missing means any", "a missing revision is an error rather than a wildcard", (right) => ({
    replace: (token, expectedRevision: number | undefined) =>
      Effect.flatMap(right.findById(token.id), (stored) =>
        right.replace(
          token,
          expectedRevision ?? Option.match(stored, { onNone: () => 0, onSome: ({ revision }) => revision }),
        ),
      ),
  })),
  fault("a digest that is missing finds any", "a missing digest finds no token", findingAnyByNothing),
]
