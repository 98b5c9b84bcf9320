/** Verifying in memory: good tokens, malformed ones and unknown ones, beside the same by hand. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import * as byHand from "../byHand.ts"
import { checkAnswers } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { inRounds } from "../inRounds.ts"
import { guarding, verifying } from "../ours.ts"
import { ratioRow } from "../Row.ts"
import { few, foreign, headerOf, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = async (effort, variant) => {
  const isRecording = variant === "recording uses"
  const tokens = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue: scopes,
    ...(isRecording ? {} : { usage: false }),
  })
  const { plaintexts, revoked, trial } = await prepare(tokens, few)
  const [hand, again] = [byHand.inMemory(plaintexts, revoked), byHand.inMemory(plaintexts, revoked)]
  const [ours, guarded] = [verifying(tokens), guarding(tokens)]
  await checkAnswers({ "by hand": hand, "by hand, again": again, verify: ours, "the guard": guarded }, trial)

  const { good, owners, malformed, unknown } = trial
  const accepted = await inRounds(
    {
      hand: hand.accepting(good, owners),
      again: again.accepting(good, owners),
      ours: ours.accepting(good, owners),
      guarded: guarded.accepting(good, owners),
    },
    effort,
  )
  const rows = [
    ratioRow(`verify, ${variant}, beside by hand`, accepted, "ours", "hand", {
      goal: { atMost: isRecording ? 1.4 : 1.25 },
    }),
    ratioRow(`the guard of all adapters, ${variant}, beside by hand`, accepted, "guarded", "hand"),
    ratioRow("noise: by hand beside itself", accepted, "again", "hand"),
  ]
  if (!isRecording) return rows

  const refusals = [
    ["malformed token (its checksum), beside by hand", malformed, 2],
    ["malformed token (another product's), beside by hand", plaintexts.map(foreign).map(headerOf), 2],
    ["unknown token, beside by hand", unknown, 1.3],
  ] as const
  for (const [what, headers, atMost] of refusals) {
    const refused = await inRounds({ hand: hand.refusing(headers), ours: ours.refusing(headers) }, effort)
    rows.push(ratioRow(what, refused, "ours", "hand", { goal: { atMost } }))
  }
  await tokens.close()
  return rows
}
