/** Entity tags for resources with a revision counter (RFC 9110 §8.8.3). */

/**
 * The strong entity-tag of a revision, a whole number from 0: `"r7"`, with its quotes. It is strong because revisions are
 * compared as exactly (§8.8.3.2); a weak one would never match `If-Match`.
 */
export const entityTagOf = (revision: number): string => `"r${revision}"`

/** The revision in an opaque tag without quotes, such as `r7`; `undefined` if it contains none. */
export const revisionOfTag = (opaque: string): number | undefined =>
  /^r(0|[1-9]\d{0,14})$/.test(opaque) ? Number(opaque.slice(1)) : undefined
