/** A person's name for a token, such as "CI" or "laptop". */
import type * as Brand from "effect/Brand"
import { flawOfText } from "./Text.ts"

export type TokenName = string & Brand.Brand<"TokenName">

const maxLength = 100

/** 1 to 100 Unicode code points without control characters. Need not be unique. */
export const TokenName = {
  flawOf: (value: string): string | undefined => flawOfText(value, maxLength),
  is: (value: string): value is TokenName => flawOfText(value, maxLength) === undefined,
} as const
