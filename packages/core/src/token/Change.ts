/** One entry in a token's history: what happened, when, by whom and from where. */
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Actor, Attribution, Origin } from "./Attribution.ts"

export type ChangeKind =
  | "issued"
  | "renamed"
  | "narrowed"
  | "shortened"
  | "rotated"
  | "bound"
  | "grace-ended"
  | "reused"
  | "revoked"

export interface Change {
  readonly kind: ChangeKind
  readonly at: DateTime.Utc
  readonly actor: Actor
  readonly origin: Origin
  /** The previous value or the reason, for people to read. */
  readonly detail: Option.Option<string>
}

const make = (kind: ChangeKind, at: DateTime.Utc, by: Attribution, detail?: string): Change => ({
  kind,
  at,
  actor: by.actor,
  origin: by.origin,
  detail: Option.fromUndefinedOr(detail),
})

/** `remembered`: how many changes a token remembers. */
export const Change = { make, remembered: 50 } as const
