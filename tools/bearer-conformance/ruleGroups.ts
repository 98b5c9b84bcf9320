/** All rules in the order of the document, in groups by what they are about. */
import { cachingRules, methodRules, orderRules, scopeRules } from "./answeringRules.ts"
import { besidesRules } from "./besidesRules.ts"
import { readingRules } from "./readingRules.ts"
import { refusalRules } from "./refusalRules.ts"
import type { Rule } from "./Rule.ts"

export interface RuleGroup {
  readonly title: string
  readonly rules: ReadonlyArray<Rule>
  /** Whether it is for bindings alone that read forms and the query. */
  readonly besides?: true
}

export const ruleGroups: ReadonlyArray<RuleGroup> = [
  { title: "Reading the Authorization field", rules: readingRules },
  { title: "Refused tokens, byte for byte the same answer", rules: refusalRules },
  { title: "Scopes", rules: scopeRules },
  { title: "Methods and origins", rules: methodRules },
  { title: "Order", rules: orderRules },
  { title: "Caches and outages", rules: cachingRules },
  { title: "A token in a form or in the query, switched on", rules: besidesRules, besides: true },
]
