/** Records of uses that are right but for one fault, to see that the usage contract can fail. */
import { SecretUsage, type TokenId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  beginning,
  forgetting,
  keepingAll,
  namingScopes,
  recording,
  type UsageFault,
  usageFault,
  writing,
} from "./usageFault.ts"

export const usageFaults: ReadonlyArray<UsageFault> = [
  usageFault(
    "seconds",
    "what was recorded of a secret comes back as it went in",
    recording((usage) => ({ ...usage, lastUsedAt: Option.map(usage.lastUsedAt, DateTime.startOf("second")) })),
  ),
  usageFault(
    "scopes as paths",
    "scopes are distinct, whatever their names, and each keeps its own instant",
    namingScopes((scope) => scope.split(".").filter(Boolean).join(".")),
  ),
  usageFault(
    "scopes as properties",
    "scopes are distinct, whatever their names, and each keeps its own instant",
    recording((usage) => {
      const properties: Record<string, DateTime.Utc> = {}
      for (const [scope, at] of usage.scopes) properties[scope] = at
      return { ...usage, scopes: new Map(Object.entries(properties)) }
    }),
  ),
  usageFault(
    "an instant that stays ahead of the clock",
    "an instant that was recorded as later than now is replaced by now",
    ({ usage }) => ({ usage: { record: (usages) => usage.record(usages) } }),
  ),
  usageFault(
    "one record for a token",
    "the secrets of a token are distinguished by their generation",
    recording((usage) => ({ ...usage, generation: 1 })),
  ),
  usageFault(
    "one use of a secret in a call",
    "one call records hundreds of secrets, and one secret as often as it comes",
    ({ usage }) => ({
      usage: {
        record: (usages) =>
          usage.record([...new Map(usages.map((use) => [`${use.tokenId}/${use.generation}`, use])).values()]),
      },
    }),
  ),
  usageFault(
    "a call that one unknown token spoils",
    "uses of a token that is not there are ignored, and the others of the call recorded",
    ({ repository, usage }) => ({
      usage: {
        record: (usages) => {
          const ids = [...new Set(usages.map(({ tokenId }) => tokenId))]
          return Effect.flatMap(repository.findManyById(ids), (found) =>
            found.length < ids.length ? Effect.void : usage.record(usages),
          )
        },
      },
    }),
  ),
  usageFault(
    "uses of tokens to come",
    "uses of a token that is not there are ignored, and the others of the call recorded",
    keepingAll,
  ),
  usageFault("uses in the token", "what is recorded of a token leaves the token as it is", ({ repository, usage }) => ({
    usage: {
      record: (usages) =>
        Effect.andThen(
          usage.record(usages),
          Effect.forEach(usages, ({ tokenId }) =>
            Effect.flatMap(repository.findById(tokenId), (found) =>
              Option.isNone(found)
                ? Effect.void
                : Effect.orDie(
                    repository.replace(
                      found.value.rekey(() => undefined),
                      found.value.revision,
                    ),
                  ),
            ),
          ),
        ),
    },
  })),
  usageFault(
    "an id that is missing is nobody's",
    "a missing or empty id is an error, and records and gives nothing",
    ({ usage }) => ({ usage: { usageOf: (ids) => usage.usageOf(ids.filter(Boolean)) } }),
  ),
  usageFault(
    "the last record alone",
    "what comes twice is counted twice",
    writing((_, usage) => usage),
  ),
  usageFault(
    "the instant that came last",
    "of two instants the later one stays, whichever was recorded first",
    writing((before, usage) => ({ ...SecretUsage.add(before, usage), lastUsedAt: usage.lastUsedAt })),
  ),
  usageFault(
    "scopes of the last call",
    "records add up to the same, in whatever order they come and however they are split into calls",
    writing((before, usage) => ({ ...SecretUsage.add(before, usage), scopes: usage.scopes })),
  ),
  usageFault("a lost update", "what many record at once, through both ways in, is all there", writing(SecretUsage.add)),
  usageFault(
    "a query of a hundred ids",
    "the uses of hundreds of tokens come in one call, and nobody else's",
    ({ usage }) => ({
      usage: { usageOf: (ids) => usage.usageOf(ids.slice(0, 100)) },
    }),
  ),
  usageFault(
    "no ids that mean all",
    "of no tokens, of those that are not there and of those that were never used nothing comes",
    ({ usage }) => {
      const recorded = new Set<TokenId>()
      return {
        usage: {
          record: (usages) => {
            for (const { tokenId } of usages) recorded.add(tokenId)
            return usage.record(usages)
          },
          usageOf: (ids) => usage.usageOf(ids.length === 0 ? [...recorded] : ids),
        },
      }
    },
  ),
  usageFault(
    "a record that is written later",
    "what a record returned is seen by every later read, through every connection",
    ({ usage }) => {
      let waiting: ReadonlyArray<SecretUsage> = []
      return {
        usage: {
          record: (usages) =>
            Effect.andThen(
              usage.record(waiting),
              Effect.sync(() => void (waiting = usages)),
            ),
        },
      }
    },
  ),
  usageFault(
    "a purge that forgets all",
    "a purge forgets the uses of what it purged and of its lineage, and nothing else",
    (right) => {
      const recorded = new Set<TokenId>()
      const forgetful = forgetting(({ repository }, forget) => ({
        purge: (diedBefore) =>
          Effect.tap(repository.purge(diedBefore), () => Effect.sync(() => recorded.forEach(forget))),
      }))(right)
      return {
        ...forgetful,
        usage: {
          ...forgetful.usage,
          record: (usages) => {
            for (const { tokenId } of usages) recorded.add(tokenId)
            return right.usage.record(usages)
          },
        },
      }
    },
  ),
  usageFault(
    "a purge that forgets nothing",
    "a purge forgets the uses of what it purged and of its lineage, and nothing else",
    keepingAll,
  ),
  usageFault(
    "uses that outlive their token unseen",
    "a token that gets the id of one that was purged begins without uses",
    writing(SecretUsage.add),
  ),
  usageFault(
    "a replace that deletes and inserts",
    "no change of a token, and no revocation, forgets its uses",
    forgetting(({ repository }, forget) => ({
      replace: (token, expectedRevision) =>
        Effect.tap(repository.replace(token, expectedRevision), () => Effect.sync(() => forget(token.id))),
    })),
  ),
  usageFault(
    "a beginning that moves on",
    "the very first instant that begins is what all later ones get, through every connection",
    beginning((_, now) => now),
  ),
  usageFault(
    "a beginning that moves back",
    "the very first instant that begins is what all later ones get, through every connection",
    beginning(DateTime.min),
  ),
  usageFault(
    "a beginning that looks first and then writes",
    "of many that begin at once, all get one instant, which is one of theirs",
    () => {
      let since: DateTime.Utc | undefined
      return {
        usage: {
          begin: (now) =>
            Effect.gen(function* () {
              if (since !== undefined) return since
              yield* Effect.yieldNow
              since = now
              return now
            }),
        },
      }
    },
  ),
]
