/** A cached lookup: the same facts in as few objects as possible. */
import * as Option from "effect/Option"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import type { VerifiableToken } from "../token/ApiToken.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { Scope } from "../token/Scope.ts"
import type { TokenId } from "../token/TokenId.ts"
import { Facts } from "./lookUp.ts"

/** What most tokens share: no ancestors, an owner who may do everything, an active secret, no key. */
interface Circumstances {
  readonly secret: Facts["secret"]
  readonly minters: Facts["minters"]
  readonly owner: OwnerAuthority
  readonly boundTo: VerifiableToken["boundTo"]
}

/**
 * A token and the rest of its facts in one object: a hit in the cache allocates nothing. Only the token's own fields
 * usually differ from other tokens'.
 */
export class RememberedToken extends Facts {
  readonly id: TokenId
  readonly ownedBy: OwnerId
  readonly scopes: ReadonlyArray<Scope>
  readonly revocation: VerifiableToken["revocation"]
  readonly ancestors: ReadonlyArray<TokenId>
  readonly expiry: number
  readonly #circumstances: Circumstances

  constructor({ token, expiry }: Facts, scopes: ReadonlyArray<Scope>, circumstances: Circumstances) {
    super()
    this.id = token.id
    this.ownedBy = token.ownedBy
    this.scopes = scopes
    this.revocation = token.revocation
    this.ancestors = token.ancestors.length === 0 ? none : token.ancestors
    this.expiry = expiry
    this.#circumstances = circumstances
  }

  get token(): this {
    return this
  }

  /** Without its digest. */
  get secret(): Facts["secret"] {
    return this.#circumstances.secret
  }

  get minters(): Facts["minters"] {
    return this.#circumstances.minters
  }

  get boundTo(): VerifiableToken["boundTo"] {
    return this.#circumstances.boundTo
  }

  get owner(): OwnerAuthority {
    return this.#circumstances.owner
  }
}

/** Beyond this many distinct values, sharing stops paying off and the table is cleared. */
const mostShared = 1000

/** Creates `RememberedToken`s that share equal scope lists and circumstances. */
export const makeRemember = (): ((facts: Facts) => RememberedToken) => {
  const lists = new Map<string, ReadonlyArray<Scope>>()
  const circumstances = new Map<string, Circumstances>()
  return (facts) => {
    const { token, secret } = facts
    const scopes = shared(lists, token.scopes.join(" "), () => token.scopes)
    const isOrdinary =
      secret.state._tag === "Active" &&
      facts.minters.length === 0 &&
      facts.owner.active &&
      facts.owner.scopes === "all" &&
      Option.isNone(token.boundTo)
    return new RememberedToken(
      facts,
      scopes,
      isOrdinary
        ? shared(circumstances, `${secret.generation} ${Option.getOrElse(secret.keyId, () => "")}`, () =>
            circumstancesOf(facts),
          )
        : circumstancesOf(facts),
    )
  }
}

/** Omits the secret's digest, which is the entry's key anyway. */
const circumstancesOf = ({ token, secret: { generation, keyId, state }, minters, owner }: Facts): Circumstances => {
  return { secret: { generation, keyId, state }, minters, owner, boundTo: token.boundTo }
}

const shared = <A>(values: Map<string, A>, key: string, make: () => A): A => {
  const known = values.get(key)
  if (known !== undefined) return known
  if (values.size >= mostShared) values.clear()
  const value = make()
  values.set(key, value)
  return value
}

const none: ReadonlyArray<never> = []
