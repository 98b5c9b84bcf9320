/** What a person calls a token, to tell it from their others: "CI", "laptop". */
import type { Brand } from "effect"
import { flawOfText } from "./Text.ts"

export type TokenName = string & Brand.Brand<"TokenName">

const maxLength = 100

/** 1 to 100 Unicode code points, no control characters; need not be unique. */
export const TokenName = {
  flawOf: (value: string): string | undefined => flawOfText(value, maxLength),
  is: (value: string): value is TokenName => flawOfText(value, maxLength) === undefined,
} as const
