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
    "a secret's recorded usage is returned unchanged",
    recording((usage) => ({ ...usage, lastUsedAt: Option.map(usage.lastUsedAt, DateTime.startOf("second")) })),
  ),
  usageFault(
    "scopes as paths",
    "scopes never mix, whatever their names, and each keeps its own instant",
    namingScopes((scope) => scope.split(".").filter(Boolean).join(".")),
  ),
  usageFault(
    "scopes as properties",
    "scopes never mix, whatever their names, and each keeps its own instant",
    recording((usage) => {
      const properties: Record<string, DateTime.Utc> = {}
      for (const [scope, at] of usage.scopes) properties[scope] = at
      return { ...usage, scopes: new Map(Object.entries(properties)) }
    }),
  ),
  usageFault(
    "an instant that stays ahead of the clock",
    "an instant recorded in the future is replaced by the present",
    ({ usage }) => ({ usage: { record: (usages) => usage.record(usages) } }),
  ),
  usageFault(
    "one record for a token",
    "the secrets of a token are distinguished by their generation",
    recording((usage) => ({ ...usage, generation: 1 })),
  ),
  usageFault(
    "one use of a secret in a call",
    "one call records hundreds of secrets, and counts a secret that occurs repeatedly",
    ({ usage }) => ({
      usage: {
        record: (usages) =>
          usage.record([...new Map(usages.map((use) => [`${use.tokenId}/${use.generation}`, use])).values()]),
      },
    }),
  ),
  usageFault(
    "a call that one unknown token spoils",
    "uses of a missing token are ignored, and the rest of the call is recorded",
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
    "uses of a missing token are ignored, and the rest of the call is recorded",
    keepingAll,
  ),
  usageFault("uses in the token", "recording usage doesn't change the token", ({ repository, usage }) => ({
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
    "a missing or empty id is an error, and nothing is recorded or read",
    ({ usage }) => ({ usage: { usageOf: (ids) => usage.usageOf(ids.filter(Boolean)) } }),
  ),
  usageFault(
    "the last record alone",
    "a use recorded twice counts twice",
    writing((_, usage) => usage),
  ),
  usageFault(
    "the instant that came last",
    "the later of two instants is kept, whichever was recorded first",
    writing((before, usage) => ({ ...SecretUsage.add(before, usage), lastUsedAt: usage.lastUsedAt })),
  ),
  usageFault(
    "scopes of the last call",
    "records add up to the same in any order, however they are split into calls",
    writing((before, usage) => ({ ...SecretUsage.add(before, usage), scopes: usage.scopes })),
  ),
  usageFault("a lost update", "concurrent records on all connections are all kept", writing(SecretUsage.add)),
  usageFault(
    "a query of a hundred ids",
    "one call returns the usage of hundreds of tokens, and no other's",
    ({ usage }) => ({
      usage: { usageOf: (ids) => usage.usageOf(ids.slice(0, 100)) },
    }),
  ),
  usageFault(
    "no ids that mean all",
    "no usage is returned for no tokens, missing tokens and unused tokens",
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
    "every later read, on any connection, sees a finished record",
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
  usageFault("a purge that forgets all", "a purge deletes the usage of purged tokens, and no other", (right) => {
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
  }),
  usageFault("a purge that forgets nothing", "a purge deletes the usage of purged tokens, and no other", keepingAll),
  usageFault(
    "uses that outlive their token unseen",
    "a token that reuses a purged token's id starts without usage",
    writing(SecretUsage.add),
  ),
  usageFault(
    "a replace that deletes and inserts",
    "changing or revoking a token keeps its usage",
    forgetting(({ repository }, forget) => ({
      replace: (token, expectedRevision) =>
        Effect.tap(repository.replace(token, expectedRevision), () => Effect.sync(() => forget(token.id))),
    })),
  ),
  usageFault(
    "a beginning that moves on",
    "the first beginning is kept, and every later one on any connection returns it",
    beginning((_, now) => now),
  ),
  usageFault(
    "a beginning that moves back",
    "the first beginning is kept, and every later one on any connection returns it",
    beginning(DateTime.min),
  ),
  usageFault(
    "a beginning that looks first and then writes",
    "many that begin at once all get the same instant, one of theirs",
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
