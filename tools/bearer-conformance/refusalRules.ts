/** Refused tokens: all get the same response, so nobody learns which tokens exist. */
import { refused, type Rule } from "./Rule.ts"
import type { SentToken } from "./sentTokens.ts"

const rule = (rule: string, token: SentToken): Rule => ({
  source: "RFC 6750 §3.1",
  rule,
  request: ["GET / HTTP/1.1", `Authorization: Bearer {${token}}`],
  answer: refused,
})

export const refusalRules: ReadonlyArray<Rule> = [
  rule("a token that was never issued", "unknown"),
  rule("a string that isn't in the tokens' format", "foreign"),
  rule("a mistyped token", "mistyped"),
  rule("a token that was replaced by a rotation", "retired"),
  rule("a revoked token", "revoked"),
  rule("a token that was minted by a revoked one", "orphaned"),
  rule("an expired token", "expired"),
  rule("a token whose owner is not active", "inactive"),
]
