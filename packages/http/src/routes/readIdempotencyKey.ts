/** Reads `Idempotency-Key`, which identifies a retried request (draft-ietf-httpapi-idempotency-key-header-07). */
import { parseItem } from "structured-headers"

export type IdempotencyKey =
  /** The field is missing. */
  | { readonly _tag: "None" }
  /** Printable ASCII, 1 to 255 characters. */
  | { readonly _tag: "Key"; readonly key: string }
  | { readonly _tag: "Invalid" }

/**
 * The field's value: an Item that is a String (§2.1, RFC 9651 §3.3.3), so in double quotes, of 1 to 255 characters.
 * Parameters mean nothing (RFC 9651 §2). A repeated field, which Node and `Headers` join by a comma, is invalid.
 */
export const readIdempotencyKey = (value: string | undefined): IdempotencyKey => {
  if (value === undefined) return { _tag: "None" }
  if (value.length > longestField) return { _tag: "Invalid" }
  try {
    const [key] = parseItem(value)
    return typeof key === "string" && key !== "" && key.length <= longestKey
      ? { _tag: "Key", key }
      : { _tag: "Invalid" }
  } catch {
    return { _tag: "Invalid" }
  }
}

const longestKey = 255

/** The longest field: every character escaped, in quotes, with room for blanks and parameters. */
const longestField = 1024
