/** How a record of uses that is right gets one fault. */
import { MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, SecretUsage, type TokenId, TokenUsageStore } from "@tokenry/core/adapter"
import type { TokensAndUses, UsageLawName } from "@tokenry/repository-contract"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

export interface UsageFault {
  readonly name: string
  /** The law that names the fault. */
  readonly breaks: UsageLawName
  readonly layer: Layer.Layer<ApiTokenRepository | TokenUsageStore>
}

interface Change {
  readonly repository?: Partial<TokensAndUses["repository"]>
  readonly usage?: Partial<TokensAndUses["usage"]>
}

export const usageFault = (
  name: string,
  breaks: UsageLawName,
  change: (right: TokensAndUses) => Change,
): UsageFault => ({
  name,
  breaks,
  layer: Layer.effectContext(
    Effect.gen(function* () {
      const right = { repository: yield* ApiTokenRepository, usage: yield* TokenUsageStore }
      const { repository, usage } = change(right)
      return Context.make(ApiTokenRepository, { ...right.repository, ...repository }).pipe(
        Context.add(TokenUsageStore, { ...right.usage, ...usage }),
      )
    }),
  ).pipe(Layer.provide(MemoryRepository.layer)),
})

/** Records something else than what was seen. */
export const recording =
  (alter: (usage: SecretUsage) => SecretUsage) =>
  ({ usage }: TokensAndUses): Change => ({
    usage: { record: (usages) => usage.record(usages.map(alter)) },
  })

/** Scopes as the keys of something. */
export const namingScopes = (rename: (scope: string) => string) =>
  recording((usage) => ({ ...usage, scopes: new Map([...usage.scopes].map(([scope, at]) => [rename(scope), at])) }))

/** Writes each use over what it has read of the secret, a moment before. */
export const writing =
  (combine: (before: SecretUsage, usage: SecretUsage) => SecretUsage) =>
  ({ repository }: TokensAndUses): Change => {
    const all = new Map<string, SecretUsage>()
    return {
      usage: {
        record: (usages) =>
          Effect.forEach(
            usages,
            (usage) =>
              Effect.gen(function* () {
                if (Option.isNone(yield* Effect.orDie(repository.findById(usage.tokenId)))) return
                const key = `${usage.tokenId}/${usage.generation}`
                const before = all.get(key)
                yield* Effect.yieldNow
                all.set(key, before === undefined ? usage : combine(before, usage))
              }),
            { discard: true },
          ),
        usageOf: (ids) => Effect.sync(() => [...all.values()].filter(({ tokenId }) => ids.includes(tokenId))),
      },
    }
  }

/** Keeps what was recorded of every id that there ever was or will be. */
export const keepingAll = (): Change => {
  let all: ReadonlyArray<SecretUsage> = []
  return {
    usage: {
      record: (usages) => Effect.sync(() => void (all = SecretUsage.merge([...all, ...usages]))),
      usageOf: (ids) => Effect.sync(() => all.filter(({ tokenId }) => ids.includes(tokenId))),
    },
  }
}

/** Forgets the uses of tokens from time to time. */
export const forgetting =
  (change: (right: TokensAndUses, forget: (id: TokenId) => void) => Change["repository"]) =>
  (right: TokensAndUses): Change => {
    const forgotten = new Set<TokenId>()
    return {
      repository: { ...change(right, (id) => forgotten.add(id)) },
      usage: { usageOf: (ids) => right.usage.usageOf(ids.filter((id) => !forgotten.has(id))) },
    }
  }

/** Begins with one of two instants. */
export const beginning = (choose: (before: DateTime.Utc, now: DateTime.Utc) => DateTime.Utc) => (): Change => {
  let since: DateTime.Utc | undefined
  return { usage: { begin: (now) => Effect.sync(() => (since = since === undefined ? now : choose(since, now))) } }
}
