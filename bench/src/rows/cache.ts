/** Verifying from the cache, beside the same by hand; and what a miss and a change cost when the cache is large. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import * as byHand from "../byHand.ts"
import { checkAnswers, following } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { type Block, type Effort, inRounds } from "../inRounds.ts"
import { cacheOf, manyTokens } from "../manyTokens.ts"
import { verifying } from "../ours.ts"
import { ratioRow, type Row } from "../Row.ts"
import { few, many, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = (effort, variant) =>
  variant === "large" ? measureLarge(effort) : measureHits(effort, variant)

const measureHits = async (effort: Effort, variant: string): Promise<ReadonlyArray<Row>> => {
  const isRecording = variant === "recording uses"
  const tokens = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue: scopes,
    cache: { maxStaleness: "1 hour" },
    ...(isRecording ? {} : { usage: false }),
  })
  const { plaintexts, revoked, trial } = await prepare(tokens, few)
  const [hand, ours] = [byHand.inMemory(plaintexts, revoked), verifying(tokens)]
  await checkAnswers({ "by hand": hand, "verify with the cache": ours }, trial)
  const { good, owners } = trial
  const hits = await inRounds({ hand: hand.accepting(good, owners), ours: ours.accepting(good, owners) }, effort)
  await tokens.close()
  const goal = { atMost: isRecording ? 1.4 : 1.25 }
  return [ratioRow(`verify from the cache, ${variant}, beside by hand`, hits, "ours", "hand", { goal })]
}

const measureLarge = async (effort: Effort): Promise<ReadonlyArray<Row>> => {
  const { headers, owners } = manyTokens(2 * many)
  const [fewHeaders, manyHeaders] = [headers.slice(0, few), headers.slice(0, many)]
  const [smallCache, largeCache] = [await cacheOf(2 * few), await cacheOf(2 * many)]
  const hits = await inRounds(
    {
      few: verifying(smallCache).accepting(fewHeaders, owners),
      many: verifying(largeCache).accepting(manyHeaders, owners),
    },
    effort,
  )
  const [tight, roomy] = [await cacheOf(few), await cacheOf(many)]
  await verifying(roomy).accepting(headers, owners)(headers.length)
  const misses = await inRounds(
    { few: verifying(tight).accepting(headers, owners), many: verifying(roomy).accepting(headers, owners) },
    effort,
  )
  const changes = await inRounds({ few: changing(smallCache), many: changing(largeCache) }, effort)
  return [
    ratioRow("verify from the cache, 100,000 tokens beside 1,000", hits, "many", "few", { goal: { atMost: 1.6 } }),
    ratioRow("a miss that evicts, 100,000 entries beside 1,000", misses, "many", "few", { goal: { atMost: 1.5 } }),
    ratioRow("a change, 100,000 tokens cached beside 1,000", changes, "many", "few", { goal: { atMost: 1.2 } }),
  ]
}

const changing = (tokens: Awaited<ReturnType<typeof cacheOf>>): Block => {
  let index = 0
  return async (times) => {
    for (let time = 0; time < times; time++) {
      index = following(index, few)
      await tokens.ownerChanged(`somebody-${index}`)
    }
  }
}
