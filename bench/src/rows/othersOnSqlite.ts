/** Verifying better-auth's API keys on SQLite, beside ours and by hand, each with a file of its own. */
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { createApiTokens } from "@tokenry/core/promise"
import { SqliteRepository } from "@tokenry/sqlite"
import { withBetterAuth } from "../betterAuth.ts"
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
  using db = new DatabaseSync(join(folder.path, "by-hand.sqlite"))
  const [hand, ours] = [byHand.onSqlite(db, plaintexts, revoked), verifying(tokens)]
  const betterAuth = await withBetterAuth(join(folder.path, "better-auth.sqlite"), few, { inMemory: false })
  await checkAnswers({ "by hand": hand, Tokenry: ours }, trial)
  await checkAnswers({ "better-auth": betterAuth.contestant }, betterAuth.trial)
  const measured = await inRounds(
    {
      hand: hand.accepting(trial.good, trial.owners),
      ours: ours.accepting(trial.good, trial.owners),
      betterAuth: betterAuth.contestant.accepting(betterAuth.trial.good, betterAuth.trial.owners),
    },
    effort,
  )
  await tokens.close()
  return [
    ratioRow("Tokenry, beside one prepared SELECT", measured, "ours", "hand"),
    ratioRow("better-auth, beside one prepared SELECT", measured, "betterAuth", "hand"),
  ]
}
