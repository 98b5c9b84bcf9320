/** All secrets of one token, the newest first, and what a rotation makes of them. */
import { DateTime, Option } from "effect"
import { type NewSecret, Secret } from "./Secret.ts"

/** One active secret, up to two retiring ones, and the last five retired ones; the newest first. */
export type Secrets = readonly [Secret, ...ReadonlyArray<Secret>]

/** How many secrets that were replaced may be in their grace at once. */
const retiringAtMost = 2

/** How many retired secrets are remembered, so that their return can be noticed. */
const retiredAtMost = 5

interface Overlap {
  readonly now: DateTime.Utc
  /** Until when the secret that is replaced is still accepted; none that is accepted longer than its token was to be. */
  readonly until: DateTime.Utc
  /** The generation by means of which the rotation is made, if it is made by means of this very token. */
  readonly presented: number | undefined
}

/**
 * A new active secret in front; the one that was active retires in its grace, and the others keep the grace that they
 * were given. If that would be three, the one in the middle gives way: neither the oldest, which is what clients have
 * whose answer got lost, however often, nor the one that was replaced just now. The secret that the rotation was made
 * with stays in any case.
 */
const rotate = (secrets: Secrets, next: NewSecret, { now, until, presented }: Overlap): Secrets => {
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

/** No longer accepted, but who comes with it may still think so until its grace was to end: no sign of a theft. */
const gaveWay = (secret: Secret): Secret =>
  secret.state._tag === "Retiring" ? { ...secret, state: { _tag: "Retired", at: secret.state.until } } : secret

/** Every secret in its grace retires now. The same list if there is none. */
const endGrace = (secrets: Secrets, now: DateTime.Utc): Secrets =>
  secrets.some((secret) => secret.state._tag === "Retiring" && Secret.isUsable(secret, now))
    ? remembered(secrets.map((secret) => (secret.state._tag === "Active" ? secret : retired(secret, now))))
    : secrets

/** Retired now, or since its grace was over. */
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

/** The secret of this generation; none if it is forgotten, or never was. */
const ofGeneration = (secrets: Secrets, generation: number): Option.Option<Secret> =>
  Option.fromUndefinedOr(secrets.find((secret) => secret.generation === generation))

export const Secrets = { rotate, endGrace, ofGeneration } as const
