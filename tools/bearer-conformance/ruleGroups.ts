/** All rules in the order of the document, in groups by what they are about. */
import { cachingRules, methodRules, orderRules, scopeRules } from "./answeringRules.ts"
import type { AppOptions } from "./ConformingApp.ts"
import { keyHeader, keyRules } from "./keyRules.ts"
import { limitRules, limits } from "./limitRules.ts"
import { readingRules } from "./readingRules.ts"
import { refusalRules } from "./refusalRules.ts"
import type { Rule } from "./Rule.ts"

export interface RuleGroup {
  readonly title: string
  readonly rules: ReadonlyArray<Rule>
  /** What the guard is made with for this group, besides tokens, realm and base. */
  readonly options?: Pick<AppOptions, "from" | "limits">
}

export const ruleGroups: ReadonlyArray<RuleGroup> = [
  { title: "Reading the Authorization field", rules: readingRules },
  { title: "Refused tokens, byte for byte the same answer", rules: refusalRules },
  { title: "Scopes", rules: scopeRules },
  { title: "Methods and origins", rules: methodRules },
  { title: "Order", rules: orderRules },
  { title: "Caches and outages", rules: cachingRules },
  { title: "A key in a header of its own", rules: keyRules, options: { from: { header: keyHeader } } },
  { title: "Rate limits", rules: limitRules, options: { limits } },
]
