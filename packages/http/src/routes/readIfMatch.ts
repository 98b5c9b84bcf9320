/** Reads `If-Match` (RFC 9110 §13.1.1), by which a client changes only what it has seen. */
import { revisionOfTag } from "./entityTag.ts"

export type IfMatch =
  /** There is no such field: nothing is expected. */
  | { readonly _tag: "None" }
  /** `*`: it has to exist, in whatever revision. */
  | { readonly _tag: "Any" }
  /** It has to have one of these. Empty: no tag in the list is a strong one of ours, so none will do. */
  | { readonly _tag: "Revisions"; readonly revisions: ReadonlyArray<number> }
  | { readonly _tag: "Invalid" }

/**
 * The field's values, joined by commas if it was repeated (§5.3), as Node and `Headers` do; `undefined` if there is none.
 * A weak entity-tag never matches, since the comparison is the strong one (§8.8.3.2). Empty elements of the list are passed
 * over (§5.6.1.2). In linear time.
 */
export const readIfMatch = (value: string | undefined): IfMatch => {
  if (value === undefined) return { _tag: "None" }
  if (/^[ \t]*\*[ \t]*$/.test(value)) return { _tag: "Any" }
  const revisions: Array<number> = []
  element.lastIndex = 0
  let isLast = false
  while (!isLast) {
    const match = element.exec(value)
    if (match === null) return { _tag: "Invalid" }
    const [, weak, opaque, end] = match
    const revision = opaque === undefined || weak !== undefined ? undefined : revisionOfTag(opaque)
    if (revision !== undefined) revisions.push(revision)
    isLast = end === ""
  }
  return { _tag: "Revisions", revisions }
}

/** An element of the list, an empty one too, and the comma or the end after it. No blank can be read in two ways. */
const element = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(,|$)/y
