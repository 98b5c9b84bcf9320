/** What a token may do: a scope-token of RFC 6749 §3.3, by convention `resource:action`. */
import type * as Brand from "effect/Brand"

export type Scope = string & Brand.Brand<"Scope">

const pattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/

/** 1 to 100 printable ASCII characters other than space, `"` and `\`. */
export const Scope = {
  is: (value: unknown): value is Scope => typeof value === "string" && pattern.test(value),
} as const
