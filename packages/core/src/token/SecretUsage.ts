/** The recorded usage of one secret, or of everything minted with a token. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { TokenId } from "./TokenId.ts"

export interface SecretUsage {
  readonly tokenId: TokenId
  /** The secret's generation. 0 aggregates everything minted with the token. */
  readonly generation: number
  /** How often it was accepted. */
  readonly count: number
  readonly lastUsedAt: Option.Option<DateTime.Utc>
  /** Each scope an accepted request required, and when it last did. */
  readonly scopes: ReadonlyMap<string, DateTime.Utc>
  /** How often it was presented, and refused, after it was retired. */
  readonly reuses: number
  readonly lastReusedAt: Option.Option<DateTime.Utc>
}

/** The sum of both. Commutative and associative. */
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

/** The usage with future instants replaced by `now`, in case a clock ran ahead for a while. */
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

/** One entry per secret, in order of first appearance. */
const merge = (usages: ReadonlyArray<SecretUsage>): ReadonlyArray<SecretUsage> => {
  const bySecret = new Map<string, SecretUsage>()
  for (const usage of usages) {
    const key = `${usage.tokenId}/${usage.generation}`
    const before = bySecret.get(key)
    bySecret.set(key, before === undefined ? usage : add(before, usage))
  }
  return [...bySecret.values()]
}

/** Generation 0 aggregates the usage of everything minted with the token. */
const byDescendants = 0

export const SecretUsage = { add, merge, notAfter, byDescendants } as const
