/** Wraps a repository to notify the cache and the audit sink of every write, so no use case can forget to. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Repository } from "../ports/Repository.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { TokenId } from "../token/TokenId.ts"

export interface Listener {
  /** This token may have changed: a write has finished, successfully or not. */
  readonly onTouched: (id: TokenId) => void
  /** This token is in the store now. */
  readonly onWritten: (token: ApiToken) => void
  /** Any number of tokens may have changed. */
  readonly onManyTouched: () => void
}

export const announcing = (repository: Repository, listener: Listener): Repository => {
  const one = <A, E>(token: ApiToken, write: Effect.Effect<A, E>) =>
    afterwards(write, (exit) => {
      listener.onTouched(token.id)
      if (Exit.isSuccess(exit)) listener.onWritten(token)
    })
  const many = <A, E>(write: Effect.Effect<A, E>) => afterwards(write, listener.onManyTouched)
  return {
    ...repository,
    insert: (token) => one(token, repository.insert(token)),
    replace: (token, expectedRevision) => one(token, repository.replace(token, expectedRevision)),
    replaceMany: (replacements) =>
      afterwards(repository.replaceMany(replacements), (exit) => {
        for (const { token } of replacements) {
          listener.onTouched(token.id)
          if (Exit.isSuccess(exit) && !exit.value.includes(token.id)) listener.onWritten(token)
        }
      }),
    revokeOwnedBy: (ownedBy, revocation, by) => many(repository.revokeOwnedBy(ownedBy, revocation, by)),
    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      many(repository.revokeIssuedTo(issuedTo, ownedBy, revocation, by)),
    purge: (diedBefore) => many(repository.purge(diedBefore)),
  }
}

/** Calls back when the write has finished, without a step of the fiber for it. */
const afterwards = <A, E>(write: Effect.Effect<A, E>, callBack: (exit: Exit.Exit<A, E>) => void) =>
  Effect.onExitPrimitive(write, (exit) => {
    callBack(exit)
    return undefined
  })
