/** `announceOwner`: a change of an owner's rights, which isn't stored, reaches every process. */
import type { OwnerId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import { changesLaw } from "../ChangesLaw.ts"
import { isAnError } from "../steps.ts"
import { unique } from "../tokens.ts"
import { hearing } from "./hearing.ts"

/** Owners that a payload with limited size and syntax may mangle. */
const owners = [
  unique("owner"),
  unique(`it's "quoted", with \\ and ; and \u00A0`),
  unique("🏴‍☠️".repeat(30)),
  "1",
  "everything",
  "0193d3b0-0000-7000-8000-000000000000",
].map((owner) => owner as OwnerId)

export const announcingLaws = [
  changesLaw("an owner that another connection announces is reported, each time", function* ({ here, there }) {
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { reports, until, forget } = yield* hearing(here)
        for (const owner of [...owners, ...owners]) {
          forget()
          yield* there.changes.announceOwner(owner)
          yield* until("an announced owner was not reported", () => reports.everything > 0 || reports.owners.has(owner))
        }
      }),
    )
  }),

  changesLaw("a missing or empty owner is an error, and nothing is announced", function* ({ there }) {
    for (const missing of [undefined, null, "", {}, 1]) {
      yield* isAnError(`announcing ${JSON.stringify(missing)}`, () => there.changes.announceOwner(missing as OwnerId))
    }
  }),
] as const
