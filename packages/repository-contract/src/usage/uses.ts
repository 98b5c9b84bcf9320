/** Uses for laws to record, their totals, and how to check them. */
import { assert } from "@effect/vitest"
import type { SecretUsage, TokenId } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { at, aUse } from "../tokens.ts"
import type { TokensAndUses } from "../UsageLaw.ts"

/** Reuses of a secret that was never used otherwise. */
export const aReuse = (fields: Partial<SecretUsage> & Pick<SecretUsage, "tokenId">): SecretUsage =>
  aUse({ count: 0, lastUsedAt: Option.none(), reuses: 1, lastReusedAt: Option.some(at(0)), ...fields })

/** Required scopes, and when they were last required, in milliseconds after `at(0)`. */
export const required = (scopes: Readonly<Record<string, number>> | ReadonlyArray<readonly [string, number]>) => ({
  scopes: new Map((Array.isArray(scopes) ? scopes : Object.entries(scopes)).map(([scope, when]) => [scope, at(when)])),
})

/** The contents of a usage, as plain values that assertions can compare and print. */
const usageContentsOf = (usage: SecretUsage) => ({
  tokenId: usage.tokenId,
  generation: usage.generation,
  count: usage.count,
  lastUsedAt: instantOf(usage.lastUsedAt),
  scopes: [...usage.scopes].map(([scope, when]) => `${scope} at ${DateTime.formatIso(when)}`).toSorted(),
  reuses: usage.reuses,
  lastReusedAt: instantOf(usage.lastReusedAt),
})

const instantOf = (instant: Option.Option<DateTime.Utc>) => Option.getOrNull(Option.map(instant, DateTime.formatIso))

/** Checks that exactly this is recorded for these tokens. */
export const areRecorded = (
  { usage }: Pick<TokensAndUses, "usage">,
  ids: ReadonlyArray<TokenId>,
  expected: ReadonlyArray<SecretUsage>,
) =>
  Effect.map(usage.usageOf(ids), (usages) => {
    assert.deepStrictEqual(inOrder(usages), inOrder(expected))
  })

const inOrder = (usages: ReadonlyArray<SecretUsage>) =>
  usages
    .map(usageContentsOf)
    .toSorted((left, right) => left.tokenId.localeCompare(right.tokenId) || left.generation - right.generation)

/** The total of these uses of one secret: summed counts, and the latest of each instant. */
export const totalOf = (uses: readonly [SecretUsage, ...ReadonlyArray<SecretUsage>]): SecretUsage => ({
  tokenId: uses[0].tokenId,
  generation: uses[0].generation,
  count: sum(uses.map(({ count }) => count)),
  lastUsedAt: latest(uses.flatMap(({ lastUsedAt }) => Option.toArray(lastUsedAt))),
  scopes: new Map(
    uses.flatMap(({ scopes }) => [...scopes]).toSorted(([, left], [, right]) => DateTime.Order(left, right)),
  ),
  reuses: sum(uses.map(({ reuses }) => reuses)),
  lastReusedAt: latest(uses.flatMap(({ lastReusedAt }) => Option.toArray(lastReusedAt))),
})

const sum = (counts: ReadonlyArray<number>) => counts.reduce((total, count) => total + count, 0)

const latest = (instants: ReadonlyArray<DateTime.Utc>) =>
  Option.fromUndefinedOr(instants.toSorted(DateTime.Order).at(-1))
