/** Who may do what: owners manage their own tokens; a token manages itself and the tokens minted with it. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InactiveOwner, type RepositoryUnavailable, SecretNotActive, TokenNotFound, TokenNotLive } from "../errors.ts"
import type { Repository } from "../ports/Repository.ts"
import type { OwnerDirectory } from "../ports/OwnerDirectory.ts"
import type { ActingCaller } from "./requestParts.ts"
import { type ApiToken, stateOf, type VerifiableToken } from "../token/ApiToken.ts"
import { TokenId } from "../token/TokenId.ts"

type Unreachable = TokenNotFound | TokenNotLive | SecretNotActive | InactiveOwner | RepositoryUnavailable

interface Acting {
  readonly token: ApiToken
  readonly ancestors: ReadonlyArray<VerifiableToken>
}

/** The token and its owner, and the calling token unless the owner acts in a session. */
export interface Reach {
  readonly id: string
  readonly ownedBy: string
  readonly caller?: ActingCaller | undefined
}

export interface Authority {
  /** The owner's token with this id, if the caller may see it. */
  readonly reach: (request: Reach, now: DateTime.Utc) => Effect.Effect<ApiToken, Unreachable>
  /** The same for a rotation, which a token may briefly retry with its previous secret. */
  readonly reachToRotate: (request: Reach, now: DateTime.Utc) => Effect.Effect<ApiToken, Unreachable>
  /** The calling token with its ancestors, if the token is live and presented its active secret. */
  readonly actingToken: (caller: ActingCaller, now: DateTime.Utc) => Effect.Effect<Acting, Unreachable>
  /** All tokens this one was minted with; fails if one of them is not live. */
  readonly liveAncestors: (
    token: ApiToken,
    now: DateTime.Utc,
  ) => Effect.Effect<ReadonlyArray<VerifiableToken>, TokenNotLive | RepositoryUnavailable>
}

export const makeAuthority = (repository: Repository, owners: Option.Option<OwnerDirectory["Service"]>): Authority => {
  const findOwned = Effect.fnUntraced(function* ({ id, ownedBy }: Pick<Reach, "id" | "ownedBy">) {
    if (!TokenId.is(id)) return yield* new TokenNotFound({ id: "" })
    const found = yield* repository.findById(id)
    return Option.isSome(found) && found.value.ownedBy === ownedBy ? found.value : yield* new TokenNotFound({ id })
  })

  const reachIf = Effect.fnUntraced(function* (
    request: Reach,
    now: DateTime.Utc,
    mayAct: (acting: ApiToken, caller: ActingCaller) => boolean,
  ) {
    const { caller } = request
    const token = yield* findOwned(request)
    if (caller === undefined) return token
    if (!token.isOfLineage(caller.tokenId as TokenId)) return yield* new TokenNotFound({ id: token.id })
    const acting =
      token.id === caller.tokenId ? token : yield* findOwned({ id: caller.tokenId, ownedBy: request.ownedBy })
    yield* assertActs(acting, now, mayAct(acting, caller))
    return token
  })

  const liveAncestors: Authority["liveAncestors"] = Effect.fnUntraced(function* (token, now) {
    if (token.ancestors.length === 0) return []
    const ancestors = yield* repository.findManyById(token.ancestors)
    const missing = token.ancestors.find((id) => !ancestors.some((ancestor) => ancestor.id === id))
    if (missing !== undefined) return yield* new TokenNotLive({ id: missing, state: "revoked" })
    for (const ancestor of ancestors) yield* assertLive(ancestor, now)
    return ancestors
  })

  /**
   * The calling token may act if verifying would accept it: live with all its ancestors, an active owner, a valid
   * secret.
   */
  const assertActs = Effect.fnUntraced(function* (acting: ApiToken, now: DateTime.Utc, mayAct: boolean) {
    yield* assertLive(acting, now)
    const ancestors = yield* liveAncestors(acting, now)
    const { ownedBy } = acting
    if (Option.isSome(owners) && !(yield* owners.value.authorityOf(ownedBy)).active) {
      return yield* new InactiveOwner({ ownedBy })
    }
    if (!mayAct) return yield* new SecretNotActive({ tokenId: acting.id })
    return ancestors
  })

  return {
    reach: (request, now) => reachIf(request, now, isActive),
    reachToRotate: (request, now) =>
      reachIf(request, now, (acting, caller) =>
        acting.id === request.id ? acting.mayRotateItself(caller.generation, now) : isActive(acting, caller),
      ),
    actingToken: Effect.fnUntraced(function* (caller, now) {
      const token = yield* findOwned({ id: caller.tokenId, ownedBy: caller.ownedBy })
      return { token, ancestors: yield* assertActs(token, now, isActive(token, caller)) }
    }),
    liveAncestors,
  }
}

const isActive = ({ secrets: [active] }: ApiToken, { generation }: ActingCaller): boolean =>
  active.generation === generation

/** Fails if the token is dead. */
export const assertLive = (token: VerifiableToken, now: DateTime.Utc): Effect.Effect<void, TokenNotLive> => {
  const state = stateOf(token, now)
  return state === "live" ? Effect.void : Effect.fail(new TokenNotLive({ id: token.id, state }))
}
