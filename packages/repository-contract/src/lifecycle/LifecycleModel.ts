/** The simplest possible model of one owner's tokens: plain data, without the core's rules. */
import { type Acting, grants, type TokenNumber } from "./LifecycleStep.ts"

/** Instants are milliseconds since 1970; Infinity is never. */
export interface ModelSecret {
  readonly plaintext: string
  readonly generation: number
  /** Infinity for the active one. */
  graceEnds: number
  /** When the token replaced it by rotating itself, unless something else has rotated the token since. */
  replacedByItselfAt: number
  isForgotten: boolean
}

export interface ModelToken {
  readonly id: string
  readonly parent: ModelToken | undefined
  scopes: ReadonlyArray<string>
  expiresAt: number
  isRevoked: boolean
  /** The oldest first. */
  readonly secrets: Array<ModelSecret>
}

/** The secret a token acts with. */
export interface ActingSecret {
  readonly token: ModelToken
  readonly secret: ModelSecret
}

type Side = "token" | "ancestor" | "owner"

/** The outcome of verifying: `Accepted`, or the refusal's tag with its details. */
export type ModelVerdict =
  | { readonly tag: "Malformed" | "Unknown" }
  | { readonly tag: "Retired"; readonly id: string; readonly generation: number }
  | { readonly tag: "Revoked" | "Expired"; readonly id: string; readonly on: "token" | "ancestor" }
  | { readonly tag: "OwnerInactive"; readonly id: string }
  | {
      readonly tag: "InsufficientScope"
      readonly id: string
      readonly missing: ReadonlyArray<{ readonly scope: string; readonly on: Side }>
    }
  | {
      readonly tag: "Accepted"
      readonly id: string
      readonly generation: number
      readonly scopes: ReadonlyArray<string>
      readonly expiresAt: number
    }

/** How long a token may repeat its own rotation, in milliseconds. */
const repeatable = 300_000
const retiredAtMost = 5

export class LifecycleModel {
  now: number
  owner: { readonly isActive: boolean; readonly scopes: ReadonlyArray<string> }
  readonly tokens: Array<ModelToken> = []

  constructor(now: number) {
    this.now = now
    this.owner = { isActive: true, scopes: Object.keys(grants) }
  }

  isLive(token: ModelToken): boolean {
    return !token.isRevoked && this.now < token.expiresAt
  }

  isAccepted(secret: ModelSecret): boolean {
    return !secret.isForgotten && this.now < secret.graceEnds
  }

  /** Whether the token may rotate itself with this secret. */
  mayRotateItself(secret: ModelSecret): boolean {
    return this.isAccepted(secret) && (isActive(secret) || this.now < secret.replacedByItselfAt + repeatable)
  }

  /** The token of these that is meant; of all if none of them is live. */
  pick(tokens: ReadonlyArray<ModelToken>, number: TokenNumber): ModelToken {
    if ("any" in number) return pick(tokens, number.any)
    const live = tokens.filter((token) => [token, ...ancestorsOf(token)].every((each) => this.isLive(each)))
    const those = live.length === 0 ? tokens : live
    return "live" in number ? pick(those, number.live) : pick(those.toReversed(), number.latest)
  }

  acting({ token, secretsBack }: Acting): ActingSecret {
    const acting = this.pick(this.tokens, token)
    return { token: acting, secret: pick(acting.secrets.toReversed(), secretsBack) }
  }

  /** The verdict on the secret. Of several dead ancestors, any may be the one reported. */
  verdictsOf(token: ModelToken, secret: ModelSecret, required: ReadonlyArray<string>): ReadonlyArray<ModelVerdict> {
    const { id, scopes } = token
    if (secret.isForgotten) return [{ tag: "Unknown" }]
    if (!this.isAccepted(secret)) return [{ tag: "Retired", id, generation: secret.generation }]
    if (!this.isLive(token)) return [{ tag: token.isRevoked ? "Revoked" : "Expired", id, on: "token" }]
    const ancestors = ancestorsOf(token)
    const dead = ancestors.filter((ancestor) => !this.isLive(ancestor))
    if (dead.length > 0) {
      return dead.map(({ isRevoked }) => ({ tag: isRevoked ? "Revoked" : "Expired", id, on: "ancestor" }))
    }
    if (!this.owner.isActive) return [{ tag: "OwnerInactive", id }]
    const lacking = (scope: string): Side | undefined => {
      if (!isGranted(scope, scopes)) return "token"
      if (ancestors.some((ancestor) => !isGranted(scope, ancestor.scopes))) return "ancestor"
      return isGranted(scope, this.owner.scopes) ? undefined : "owner"
    }
    const missing = required.flatMap((scope) => {
      const on = lacking(scope)
      return on === undefined ? [] : [{ scope, on }]
    })
    if (missing.length > 0) return [{ tag: "InsufficientScope", id, missing }]
    return [
      {
        tag: "Accepted",
        id,
        generation: secret.generation,
        scopes: Object.keys(grants).filter((scope) => lacking(scope) === undefined),
        expiresAt: Math.min(secret.graceEnds, earliestExpiry([token, ...ancestors])),
      },
    ]
  }

  issue(fields: Pick<ModelToken, "id" | "parent" | "scopes" | "expiresAt">, plaintext: string): void {
    this.tokens.push({ ...fields, isRevoked: false, secrets: [aSecret(plaintext, 1)] })
  }

  /** If three replaced secrets were in their grace, the middle one gives way; unless it is the one that rotates. */
  rotate(token: ModelToken, { plaintext, graceEnds, expiresAt, by }: Rotated): void {
    const active = activeOf(token)
    const isItself = by?.token === token
    active.graceEnds = Math.min(graceEnds, token.expiresAt)
    if (isItself) active.replacedByItselfAt = this.now
    else for (const secret of token.secrets) secret.replacedByItselfAt = -Infinity
    const [, middle, newest] = token.secrets.filter((secret) => this.isAccepted(secret))
    if (middle && newest) {
      const givesWay = isItself && by.secret === middle ? newest : middle
      givesWay.graceEnds = this.now
    }
    token.expiresAt = expiresAt
    token.secrets.push(aSecret(plaintext, active.generation + 1))
    this.#forget(token)
  }

  endGrace(token: ModelToken): void {
    const retiring = token.secrets.filter((secret) => this.isAccepted(secret) && !isActive(secret))
    for (const secret of retiring) secret.graceEnds = this.now
    if (retiring.length > 0) this.#forget(token)
  }

  /** The instants still to come at which something ends, the soonest first. */
  get ends(): ReadonlyArray<number> {
    const ends = this.tokens.flatMap(({ expiresAt, secrets }) => [
      expiresAt,
      ...secrets.flatMap((secret) => [secret.graceEnds, secret.replacedByItselfAt + repeatable]),
    ])
    return [...new Set(ends)].filter((end) => end > this.now && end < Infinity).sort((left, right) => left - right)
  }

  #forget(token: ModelToken): void {
    const retired = token.secrets.filter((secret) => !this.isAccepted(secret))
    for (const secret of retired.slice(0, -retiredAtMost)) secret.isForgotten = true
  }
}

export interface Rotated {
  readonly plaintext: string
  readonly graceEnds: number
  readonly expiresAt: number
  readonly by: ActingSecret | undefined
}

const aSecret = (plaintext: string, generation: number): ModelSecret => ({
  plaintext,
  generation,
  graceEnds: Infinity,
  replacedByItselfAt: -Infinity,
  isForgotten: false,
})

export const isActive = (secret: ModelSecret): boolean => secret.graceEnds === Infinity

export const activeOf = ({ secrets }: ModelToken): ModelSecret => {
  const active = secrets.at(-1)
  if (active === undefined) throw new Error("A token has a secret")
  return active
}

/** The tokens it was minted with, the nearest first. */
export const ancestorsOf = ({ parent }: ModelToken): ReadonlyArray<ModelToken> =>
  parent === undefined ? [] : [parent, ...ancestorsOf(parent)]

export const earliestExpiry = (tokens: ReadonlyArray<ModelToken>): number =>
  Math.min(...tokens.map(({ expiresAt }) => expiresAt))

export const isGranted = (scope: string, by: ReadonlyArray<string>): boolean =>
  by.some((held) => grants[held]?.includes(scope))

const pick = <A>(values: ReadonlyArray<A>, index: number): A => {
  if (values.length === 0) throw new Error("There is nothing to pick from")
  return values[index % values.length] as A
}
