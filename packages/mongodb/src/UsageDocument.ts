/** Converts uses to updates, and stored documents to usage. */
import { DamagedToken } from "@tokenry/core"
import type { SecretUsage, TokenId } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { countOf, dateOf, idOf } from "./arguments.ts"
import { Reader } from "./Reader.ts"

/** The stored usage of one secret. */
export interface UsageDocument {
  /** The token's id, a slash, and the secret's generation: `0199…/2`. */
  readonly _id: string
  readonly tokenId: string
  readonly generation: number
  readonly count: number
  readonly lastUsedAt: Date | null
  /** The last use of each scope. Names are escaped: a character with a meaning in paths becomes `%` and two hex digits. */
  readonly scopes: Readonly<Record<string, Date>>
  readonly reuses: number
  readonly lastReusedAt: Date | null
}

const usageIdOf = ({ tokenId, generation }: SecretUsage): string => `${idOf(tokenId)}/${countOf(generation)}`

/** The document for a secret's first uses. */
export const firstUsageOf = (usage: SecretUsage): UsageDocument => ({
  _id: usageIdOf(usage),
  tokenId: usage.tokenId,
  generation: usage.generation,
  count: countOf(usage.count),
  lastUsedAt: optionalDateOf(usage.lastUsedAt),
  scopes: Object.fromEntries([...usage.scopes].map(([scope, at]) => [escaped(scope), dateOf(at)])),
  reuses: countOf(usage.reuses),
  lastReusedAt: optionalDateOf(usage.lastReusedAt),
})

/** The update that adds uses to the secret's document. Its filter doesn't match a damaged document. */
export const additionTo = (usage: SecretUsage): { readonly filter: object; readonly addition: object } => ({
  filter: { _id: usageIdOf(usage), ...addable },
  addition: {
    $inc: { count: countOf(usage.count), reuses: countOf(usage.reuses) },
    // `null` is less than any date.
    $max: {
      lastUsedAt: optionalDateOf(usage.lastUsedAt),
      lastReusedAt: optionalDateOf(usage.lastReusedAt),
      ...Object.fromEntries([...usage.scopes].map(([scope, at]) => [`scopes.${escaped(scope)}`, dateOf(at)])),
    },
  },
})

/**
 * Finds what is recorded of these secrets as later than the present. A scope is never recorded as later than the
 * secret's last use.
 */
export const usagesAfter = (now: DateTime.Utc, usages: ReadonlyArray<SecretUsage>): object => {
  const later = { $gt: dateOf(now) }
  return { _id: { $in: usages.map(usageIdOf) }, $or: [{ lastUsedAt: later }, { lastReusedAt: later }] }
}

/** What replaces instants after the present in such a document. */
export const correctionOf = (
  document: object,
  now: DateTime.Utc,
): { readonly filter: object; readonly update: object } => {
  const present = dateOf(now)
  const { _id, lastUsedAt, lastReusedAt, scopes } = document as Partial<UsageDocument>
  const instants = Object.entries({
    lastUsedAt,
    lastReusedAt,
    ...Object.fromEntries(Object.entries(scopes ?? {}).map(([name, at]) => [`scopes.${name}`, at])),
  })
  const later = instants.filter(([, at]) => at instanceof Date && at > present)
  return { filter: { _id }, update: { $min: Object.fromEntries(later.map(([path]) => [path, present])) } }
}

const addable = { count: { $type: "number" }, reuses: { $type: "number" }, scopes: { $type: "object" } }

/** The error for a secret's document that can't be updated. */
export const damagedUsageOf = ({ tokenId, generation }: SecretUsage): DamagedToken =>
  new DamagedToken({ id: tokenId, field: `usage.${generation}` })

/** Reads usage. A damaged document is reported and counts as just used, so no sweep revokes its token as unused. */
export const manyUsagesOf = (
  documents: ReadonlyArray<object>,
  now: DateTime.Utc,
): { readonly usages: ReadonlyArray<SecretUsage>; readonly damaged: ReadonlyArray<DamagedToken> } => {
  const many = { usages: new Array<SecretUsage>(), damaged: new Array<DamagedToken>() }
  for (const document of documents) {
    try {
      many.usages.push(usageOf(document))
    } catch (error) {
      if (!(error instanceof DamagedToken)) throw error
      const tokenId = error.id as TokenId
      many.usages.push({ ...unreadable, tokenId, generation: generationIn(document), lastUsedAt: Option.some(now) })
      many.damaged.push(error)
    }
  }
  return many
}

const unreadable = { count: 0, scopes: new Map(), reuses: 0, lastReusedAt: Option.none() } as const

/** Read from the id, which MongoDB never lets anyone change. */
const generationIn = (document: object): number =>
  "_id" in document && typeof document._id === "string" ? Number(document._id.split("/")[1]) : Number.NaN

const usageOf = (document: object): SecretUsage => {
  const reader = Reader.of(document, { idField: "tokenId", path: `usage.${generationIn(document)}.` })
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

/** Escapes a leading `_` too, so no name is `__proto__`. */
const escaped = (scope: string): string =>
  scope.replace(/^_|[%.$]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`)

const unescaped = (name: string): string =>
  name.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
