/** The changes a token remembers, and which of them the audit sink hasn't received yet. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Actor, Origin } from "./Attribution.ts"
import { Change, type ChangeKind } from "./Change.ts"

export interface History {
  /** Oldest first. */
  readonly history: ReadonlyArray<Change>
  /** How many of the newest changes the audit sink hasn't confirmed yet. */
  readonly undelivered: number
}

/** How many entries may be something other than edits, so that at least 20 edits always fit. */
const othersAtMost = 30

/**
 * The number of undelivered changes beyond which edits and rotations must wait for the audit sink. One edit adds up to
 * three, and a token must stay revocable while the sink is down: 16 leaves room for both.
 */
const undeliveredAtMost = 16

/** How soon after an edit another one by the same actor from the same place counts as part of it. */
const repetition = Duration.minutes(1)

/** Changes a client can repeat at will. */
const edits: ReadonlySet<ChangeKind> = new Set(["renamed", "narrowed", "shortened"])

/**
 * The history with one more change. An edit replaces one of the same kind that the same actor made from the same place
 * within the last minute, and keeps its record of the earlier value. Beyond 50 changes the oldest edit is dropped, or
 * the oldest other change if there are more than 30. The issue is always kept. So no number of edits can hide a
 * rotation.
 */
const append = ({ history, undelivered }: History, change: Change): History => {
  const firstUndelivered = Math.max(0, history.length - undelivered)
  const lines = history.map((line, index) => ({ line, isDelivered: index < firstUndelivered }))
  const repeated = indexOfRepeated(history, change)
  const before = lines[repeated]
  const added = before === undefined ? change : { ...change, detail: before.line.detail }
  const kept = lines.filter((_, index) => index !== repeated)
  return outcomeOf(shortened([...kept, { line: added, isDelivered: false }]))
}

interface Line {
  readonly line: Change
  readonly isDelivered: boolean
}

/** The index of the edit this one repeats. Only looks at the edits at the end: no other change may come in between. */
const indexOfRepeated = (history: ReadonlyArray<Change>, change: Change): number => {
  const since = DateTime.subtractDuration(change.at, repetition)
  for (let index = history.length - 1; index >= 0; index--) {
    const line = history[index]
    if (line === undefined || !edits.has(line.kind) || !DateTime.isGreaterThan(line.at, since)) return -1
    if (
      line.kind === change.kind &&
      isSameActor(line.actor, change.actor) &&
      isSameOrigin(line.origin, change.origin)
    ) {
      return index
    }
  }
  return -1
}

const shortened = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> => {
  if (lines.length <= Change.remembered) return lines
  const others = lines.filter(({ line }) => !edits.has(line.kind))
  const isForgettable =
    others.length > othersAtMost
      ? ({ line }: Line) => !edits.has(line.kind) && line.kind !== "issued"
      : ({ line }: Line) => edits.has(line.kind)
  const forgotten = lines.findIndex(isForgettable)
  return shortened(lines.filter((_, index) => index !== forgotten))
}

const outcomeOf = (lines: ReadonlyArray<Line>): History => ({
  history: lines.map(({ line }) => line),
  undelivered: lines.filter(({ isDelivered }) => !isDelivered).length,
})

const isSameActor = (left: Actor, right: Actor): boolean =>
  left.kind === right.kind && ("id" in left ? left.id : "") === ("id" in right ? right.id : "")

const isSameOrigin = (left: Origin, right: Origin): boolean =>
  left.address === right.address && left.userAgent === right.userAgent

export const History = { append, undeliveredAtMost } as const
