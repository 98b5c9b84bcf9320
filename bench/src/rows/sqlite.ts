/** Verifying on SQLite, beside one prepared `SELECT` in a file of its own. */
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { createApiTokens } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"
import * as byHand from "../byHand.ts"
import { checkAnswers } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { inRounds } from "../inRounds.ts"
import { verifying } from "../ours.ts"
import { ratioRow } from "../Row.ts"
import { few, scopes } from "../setting.ts"
import { temporaryFolder } from "../temporaryFolder.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = async (effort) => {
  using folder = temporaryFolder()
  const repository = SqliteRepository.layer({ filename: join(folder.path, "ours.sqlite") })
  const tokens = await createApiTokens({ repository, catalogue: scopes })
  const { plaintexts, revoked, trial } = await prepare(tokens, few)
  using first = new DatabaseSync(join(folder.path, "by-hand.sqlite"))
  using second = new DatabaseSync(join(folder.path, "by-hand-again.sqlite"))
  const hand = byHand.onSqlite(first, plaintexts, revoked)
  const again = byHand.onSqlite(second, plaintexts, revoked)
  const ours = verifying(tokens)
  await checkAnswers({ "by hand": hand, "by hand, again": again, "verify on SQLite": ours }, trial)
  const { good, owners } = trial
  const accepted = await inRounds(
    {
      hand: hand.accepting(good, owners),
      ours: ours.accepting(good, owners),
      again: again.accepting(good, owners),
    },
    effort,
  )
  await tokens.close()
  return [
    ratioRow("verify on SQLite, beside one prepared SELECT", accepted, "ours", "hand", { goal: { atMost: 1.15 } }),
    ratioRow("noise: by hand beside itself", accepted, "again", "hand"),
  ]
}
