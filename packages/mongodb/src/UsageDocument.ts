/** How uses of a secret are added to a document, and a document becomes what is recorded. */
import type { SecretUsage, TokenId } from "@tokenry/core"
import { type DateTime, Option } from "effect"
import { countOf, dateOf, idOf } from "./arguments.ts"
import { Reader } from "./Reader.ts"

/** What is stored of each secret. */
export interface UsageDocument {
  /** The token's id, a slash and the generation: `tok_…/2`. */
  readonly _id: string
  readonly tokenId: string
  readonly generation: number
  readonly count: number
  readonly lastUsedAt: Date | null
  /** By the scopes' names, with what means something in a path written as `%` and two hex digits. */
  readonly scopes: Readonly<Record<string, Date>>
  readonly reuses: number
  readonly lastReusedAt: Date | null
}

/** The id of the secret's document. */
export const usageIdOf = ({ tokenId, generation }: SecretUsage): string => `${idOf(tokenId)}/${countOf(generation)}`

/** What adds the uses to the document, or makes it if there is none. `null` is less than any date. */
export const additionOf = ({ tokenId, generation, ...usage }: SecretUsage): object => ({
  $setOnInsert: { tokenId, generation, ...(usage.scopes.size === 0 ? { scopes: {} } : {}) },
  $inc: { count: countOf(usage.count), reuses: countOf(usage.reuses) },
  $max: {
    lastUsedAt: optionalDateOf(usage.lastUsedAt),
    lastReusedAt: optionalDateOf(usage.lastReusedAt),
    ...Object.fromEntries([...usage.scopes].map(([scope, at]) => [`scopes.${escaped(scope)}`, dateOf(at)])),
  },
})

/** @throws DamagedDocument */
export const usageOf = (document: object): SecretUsage => {
  const reader = Reader.of(document)
  return {
    tokenId: reader.string("tokenId") as TokenId,
    generation: reader.integer("generation"),
    count: reader.integer("count"),
    lastUsedAt: reader.optionalInstant("lastUsedAt"),
    scopes: new Map([...reader.instants("scopes")].map(([name, at]) => [unescaped(name), at])),
    reuses: reader.integer("reuses"),
    lastReusedAt: reader.optionalInstant("lastReusedAt"),
  }
}

const optionalDateOf = (instant: Option.Option<DateTime.Utc>): Date | null =>
  Option.isSome(instant) ? dateOf(instant.value) : null

/** A leading `_` too, so that no name is `__proto__`. */
const escaped = (scope: string): string =>
  scope.replace(/^_|[%.$]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`)

const unescaped = (name: string): string =>
  name.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
