/** What is recorded of the uses of one secret, or of what was minted by means of a token. */
import { DateTime, Option } from "effect"
import type { TokenId } from "./TokenId.ts"

export interface SecretUsage {
  readonly tokenId: TokenId
  /** That of the secret; 0 stands for all that was minted by means of the token. */
  readonly generation: number
  /** How many times it was accepted. */
  readonly count: number
  readonly lastUsedAt: Option.Option<DateTime.Utc>
  /** Each scope that an accepted request required, and when last. */
  readonly scopes: ReadonlyMap<string, DateTime.Utc>
  /** How many times it came back after it was retired, and was refused. */
  readonly reuses: number
  readonly lastReusedAt: Option.Option<DateTime.Utc>
}

/** Both together. Whichever way and in whichever order parts are put together, the whole is the same. */
const add = (left: SecretUsage, right: SecretUsage): SecretUsage => {
  const scopes = new Map(left.scopes)
  for (const [scope, at] of right.scopes) {
    const before = scopes.get(scope)
    scopes.set(scope, before === undefined ? at : DateTime.max(before, at))
  }
  return {
    ...left,
    count: left.count + right.count,
    lastUsedAt: later(left.lastUsedAt, right.lastUsedAt),
    scopes,
    reuses: left.reuses + right.reuses,
    lastReusedAt: later(left.lastReusedAt, right.lastReusedAt),
  }
}

const later = (left: Option.Option<DateTime.Utc>, right: Option.Option<DateTime.Utc>): Option.Option<DateTime.Utc> =>
  Option.isSome(left) && Option.isSome(right)
    ? Option.some(DateTime.max(left.value, right.value))
    : Option.orElse(left, () => right)

/**
 * The usage with every instant after `now` replaced by `now`: after a clock was ahead for a while, nothing was last used in
 * the future.
 */
const notAfter = (usage: SecretUsage, now: number): SecretUsage => {
  const present = DateTime.makeUnsafe(now)
  const earlier = (at: DateTime.Utc) => DateTime.min(at, present)
  return {
    ...usage,
    lastUsedAt: Option.map(usage.lastUsedAt, earlier),
    scopes: new Map(Array.from(usage.scopes, ([scope, at]) => [scope, earlier(at)])),
    lastReusedAt: Option.map(usage.lastReusedAt, earlier),
  }
}

/** One for each secret, in the order of their first. */
const merge = (usages: ReadonlyArray<SecretUsage>): ReadonlyArray<SecretUsage> => {
  const bySecret = new Map<string, SecretUsage>()
  for (const usage of usages) {
    const key = `${usage.tokenId}/${usage.generation}`
    const before = bySecret.get(key)
    bySecret.set(key, before === undefined ? usage : add(before, usage))
  }
  return [...bySecret.values()]
}

/** The generation under which a token is charged with what was minted by means of it does. */
const byDescendants = 0

export const SecretUsage = { add, merge, notAfter, byDescendants } as const
