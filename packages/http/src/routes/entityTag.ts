/** Entity-tags of things that count their revisions (RFC 9110 §8.8.3). */

/**
 * The strong entity-tag of a revision, a whole number from 0: `"r7"`, with its quotes. It is strong because revisions are
 * compared as exactly (§8.8.3.2); a weak one would never match `If-Match`.
 */
export const entityTagOf = (revision: number): string => `"r${revision}"`

/** The revision of which this is the opaque part of the tag, without its quotes: `r7`; `undefined` if of none. */
export const revisionOfTag = (opaque: string): number | undefined =>
  /^r(0|[1-9]\d{0,14})$/.test(opaque) ? Number(opaque.slice(1)) : undefined
