/** All secrets of one token, newest first, and how a rotation changes them. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { type NewSecret, Secret } from "./Secret.ts"

/** One active secret, up to two retiring ones, and the last five retired ones; newest first. */
export type Secrets = readonly [Secret, ...ReadonlyArray<Secret>]

/** How many replaced secrets may be in their grace period at once. */
const retiringAtMost = 2

/** How many retired secrets are remembered, to detect reuse. */
const retiredAtMost = 5

interface Replacement {
  readonly now: DateTime.Utc
  /** Until when the replaced secret stays valid; none stays valid beyond the token's earlier expiry. */
  readonly until: DateTime.Utc
  /** The generation that was presented, if the token rotates itself. */
  readonly presented: number | undefined
}

/**
 * Adds a new active secret. The previous one starts its grace period, and other retiring ones keep theirs. At most two
 * replaced secrets stay valid: the oldest, which clients have if they lost every response since, and the most recently
 * replaced. The secret used for the rotation always stays valid.
 */
const rotate = (secrets: Secrets, next: NewSecret, { now, until, presented }: Replacement): Secrets => {
  const [active, ...older] = secrets
  const generation = active.generation + 1
  const replaced: Secret = DateTime.isLessThanOrEqualTo(until, now)
    ? retired(active, now)
    : { ...active, state: { _tag: "Retiring", until } }
  const inGrace = [replaced, ...older].filter(
    (secret) => secret.state._tag === "Retiring" && Secret.isUsable(secret, now),
  )
  const kept = [inGrace.find((secret) => secret.generation === presented), inGrace.at(-1), ...inGrace]
    .filter((secret) => secret !== undefined)
    .filter((secret, index, all) => all.indexOf(secret) === index)
    .slice(0, retiringAtMost)
  return remembered([
    { ...next, generation, state: Secret.active },
    ...[replaced, ...older].map((secret) => (kept.includes(secret) ? secret : gaveWay(secret))),
  ])
}

/**
 * No longer accepted, but clients may hold it in good faith until the original grace period ends, so seeing it isn't a
 * sign of theft.
 */
const gaveWay = (secret: Secret): Secret =>
  secret.state._tag === "Retiring" ? { ...secret, state: { _tag: "Retired", at: secret.state.until } } : secret

/** Retires every secret in its grace period now. Returns the same list if there are none. */
const endGrace = (secrets: Secrets, now: DateTime.Utc): Secrets =>
  secrets.some((secret) => secret.state._tag === "Retiring" && Secret.isUsable(secret, now))
    ? remembered(secrets.map((secret) => (secret.state._tag === "Active" ? secret : retired(secret, now))))
    : secrets

/** Retired now, or when its grace period ended. */
const retired = (secret: Secret, now: DateTime.Utc): Secret => {
  switch (secret.state._tag) {
    case "Retired":
      return secret
    case "Retiring":
      return { ...secret, state: { _tag: "Retired", at: DateTime.min(secret.state.until, now) } }
    case "Active":
      return { ...secret, state: { _tag: "Retired", at: now } }
  }
}

const remembered = (secrets: ReadonlyArray<Secret>): Secrets => {
  const forgotten = secrets.filter(({ state }) => state._tag === "Retired").slice(retiredAtMost)
  const [active, ...others] = secrets.filter((secret) => !forgotten.includes(secret))
  if (active === undefined) throw new Error("A token has at least one secret")
  return [active, ...others]
}

/** The secret of this generation; none if it was forgotten or never existed. */
const ofGeneration = (secrets: Secrets, generation: number): Option.Option<Secret> =>
  Option.fromUndefinedOr(secrets.find((secret) => secret.generation === generation))

export const Secrets = { rotate, endGrace, ofGeneration } as const
