/** The in-memory repository's usage store. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { TokenUsageStore } from "../ports/TokenUsageStore.ts"
import { SecretUsage } from "../token/SecretUsage.ts"
import type { TokenId } from "../token/TokenId.ts"
import { givenInstant, givenText } from "./given.ts"

export interface MemoryUsage {
  readonly store: TokenUsageStore["Service"]
  readonly forget: (id: TokenId) => void
}

export const memoryUsage = (isThere: (id: TokenId) => boolean): MemoryUsage => {
  const byToken = new Map<TokenId, Map<number, SecretUsage>>()
  let since: DateTime.Utc | undefined
  const store = TokenUsageStore.of({
    record: (usages, now) =>
      Effect.sync(() => {
        for (const { tokenId } of usages) givenText(tokenId)
        for (const usage of usages.filter(({ tokenId }) => isThere(tokenId))) {
          const secrets = byToken.get(usage.tokenId) ?? new Map<number, SecretUsage>()
          byToken.set(usage.tokenId, secrets)
          const before = secrets.get(usage.generation)
          const sum = before === undefined ? usage : SecretUsage.add(before, usage)
          secrets.set(usage.generation, now === undefined ? sum : SecretUsage.notAfter(sum, now.epochMilliseconds))
        }
      }),
    usageOf: (ids) =>
      Effect.sync(() => [...new Set(ids.map(givenText))].flatMap((id) => [...(byToken.get(id)?.values() ?? [])])),
    begin: (now) => Effect.sync(() => (since ??= givenInstant(now))),
  })
  return { store, forget: (id) => byToken.delete(id) }
}
