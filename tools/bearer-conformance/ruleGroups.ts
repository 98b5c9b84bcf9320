/** All rules in the document's order, grouped by topic. */
import { cachingRules, methodRules, orderRules, scopeRules } from "./answeringRules.ts"
import type { AppOptions } from "./ConformingApp.ts"
import { dpop, dpopRequired, dpopRequiredRules, dpopRules, dpopWithNonces, nonceRules } from "./dpopRules.ts"
import { keyHeader, keyRules } from "./keyRules.ts"
import { limitRules, limits } from "./limitRules.ts"
import { readingRules } from "./readingRules.ts"
import { refusalRules } from "./refusalRules.ts"
import type { Rule } from "./Rule.ts"

export interface RuleGroup {
  readonly title: string
  readonly rules: ReadonlyArray<Rule>
  /** The guard's options for this group, besides tokens, realm and problem base. */
  readonly options?: Pick<AppOptions, "from" | "limits" | "dpop">
}

export const ruleGroups: ReadonlyArray<RuleGroup> = [
  { title: "Reading the Authorization field", rules: readingRules },
  { title: "Refused tokens: the same response, byte for byte", rules: refusalRules },
  { title: "Scopes", rules: scopeRules },
  { title: "Methods and origins", rules: methodRules },
  { title: "Order", rules: orderRules },
  { title: "Caches and outages", rules: cachingRules },
  { title: "A key in a header of its own", rules: keyRules, options: { from: { header: keyHeader } } },
  { title: "Tokens bound to a key", rules: dpopRules, options: { dpop } },
  { title: "Proofs with nonces", rules: nonceRules, options: { dpop: dpopWithNonces } },
  { title: "Where tokens must be bound", rules: dpopRequiredRules, options: { dpop: dpopRequired } },
  { title: "Rate limits", rules: limitRules, options: { limits } },
]
