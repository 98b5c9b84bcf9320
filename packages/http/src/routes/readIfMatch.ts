/** Reads `If-Match` (RFC 9110 §13.1.1), with which a client avoids overwriting what it hasn't seen. */
import { revisionOfTag } from "./entityTag.ts"

export type IfMatch =
  /** The field is missing: any revision will do. */
  | { readonly _tag: "None" }
  /** `*`: the resource must exist, in any revision. */
  | { readonly _tag: "Any" }
  /** One of these revisions must be current. Empty: no tag in the list is a strong one of ours, so nothing matches. */
  | { readonly _tag: "Revisions"; readonly revisions: ReadonlyArray<number> }
  | { readonly _tag: "Invalid" }

/**
 * The field's values, joined by commas if it was repeated (§5.3), as Node and `Headers` do; `undefined` if it is
 * missing. Weak tags never match, since the comparison is strong (§8.8.3.2). Empty list elements are skipped
 * (§5.6.1.2). Takes linear time.
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

/** A list element, possibly empty, and the comma or the end after it. Blanks can only match in one way. */
const element = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(,|$)/y
