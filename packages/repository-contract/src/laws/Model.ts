/** The simplest possible token store: a list, and the port's contract. */
import { ApiToken, type Revocation } from "@tokenry/core"
import { diedAt, type ListQuery, stateOf, type TokenId, unattributed } from "@tokenry/core/adapter"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { newestFirst } from "./listing.ts"

export class Model {
  tokens: ReadonlyArray<ApiToken> = []

  insert(token: ApiToken): string {
    if (this.tokens.some(({ id }) => id === token.id) || this.#isTaken(token)) return "DuplicateToken"
    this.tokens = [...this.tokens, token]
    return "done"
  }

  replace(token: ApiToken, expectedRevision: number): string {
    if (this.tokens.find(({ id }) => id === token.id)?.revision !== expectedRevision) return "RevisionConflict"
    if (this.#isTaken(token)) return "DuplicateToken"
    this.tokens = this.tokens.map((stored) => (stored.id === token.id ? token : stored))
    return "done"
  }

  revoke(isMeant: (token: ApiToken) => boolean, revocation: Revocation): number {
    const doomed = this.tokens.filter((token) => isMeant(token) && Option.isNone(token.revocation))
    this.tokens = this.tokens.map((token) => (doomed.includes(token) ? token.revoke(revocation, unattributed) : token))
    return doomed.length
  }

  purge(diedBefore: DateTime.Utc): number {
    const hasDied = (token: ApiToken) =>
      Option.exists(diedAt(token), (at) => at.epochMilliseconds < diedBefore.epochMilliseconds)
    const dead = this.tokens.filter(hasDied).map(({ id }) => id)
    const kept = this.tokens.filter(
      ({ id, ancestors }) => !dead.some((gone) => gone === id || ancestors.includes(gone)),
    )
    const count = this.tokens.length - kept.length
    this.tokens = kept
    return count
  }

  markDelivered(id: TokenId, revision: number): void {
    this.tokens = this.tokens.map((token) =>
      token.id === id && token.revision === revision ? new ApiToken({ ...token, undelivered: 0 }) : token,
    )
  }

  list({ ownedBy, state, now, lineageOf, after, limit }: ListQuery): ReadonlyArray<ApiToken> {
    const owned = this.tokens.filter((token) => token.ownedBy === ownedBy).toSorted(newestFirst)
    return owned
      .filter((token) => state === "any" || (stateOf(token, now) === "live") === (state === "live"))
      .filter(({ id, ancestors }) => lineageOf === undefined || [id, ...ancestors].includes(lineageOf))
      .filter((token) => Option.isNone(after) || newestFirst(after.value, token) < 0)
      .slice(0, limit)
  }

  #isTaken(token: ApiToken): boolean {
    const digests = token.secrets.map(({ digest }) => digest.hex)
    return this.tokens.some(
      ({ id, secrets }) => id !== token.id && secrets.some(({ digest }) => digests.includes(digest.hex)),
    )
  }
}
