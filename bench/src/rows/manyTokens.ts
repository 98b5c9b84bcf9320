/** Verifying when the store in memory holds 100,000 tokens, beside 1,000: what the processor's caches no longer hold. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import * as byHand from "../byHand.ts"
import { checkAnswers } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { inRounds } from "../inRounds.ts"
import { verifying } from "../ours.ts"
import { ratioRow } from "../Row.ts"
import { few, many, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = async (effort) => {
  const [small, large] = [await filled(few), await filled(many)]
  const both = await inRounds(
    { few: small.ours, many: large.ours, fewByHand: small.hand, manyByHand: large.hand },
    effort,
  )
  return [
    ratioRow("verify, 100,000 tokens beside 1,000", both, "many", "few", { goal: { atMost: 1.6 } }),
    ratioRow("by hand, 100,000 tokens beside 1,000", both, "manyByHand", "fewByHand"),
    ratioRow("verify beside by hand, 100,000 tokens each", both, "many", "manyByHand"),
  ]
}

const filled = async (count: number) => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
  const { plaintexts, revoked, trial } = await prepare(tokens, count)
  const [hand, ours] = [byHand.inMemory(plaintexts, revoked), verifying(tokens)]
  await checkAnswers({ "by hand": hand, verify: ours }, trial)
  const { good, owners } = trial
  return { hand: hand.accepting(good, owners), ours: ours.accepting(good, owners) }
}
