/** A cached lookup: the same facts in as few objects as possible. */
import * as Option from "effect/Option"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import type { VerifiableToken } from "../token/ApiToken.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { Scope } from "../token/Scope.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { Facts } from "./lookUp.ts"

/** What most tokens share: no ancestors, an owner who may do everything, an active secret. */
interface Circumstances {
  readonly secret: Facts["found"]["secret"]
  readonly ancestors: Facts["ancestors"]
  readonly owner: OwnerAuthority
}

/** A token with the rest of its facts. Only its own fields usually differ from other tokens'. */
export class RememberedToken implements VerifiableToken {
  readonly id: TokenId
  readonly ownedBy: OwnerId
  readonly scopes: ReadonlyArray<Scope>
  readonly expiresAt: VerifiableToken["expiresAt"]
  readonly revocation: VerifiableToken["revocation"]
  readonly ancestors: ReadonlyArray<TokenId>
  readonly #circumstances: Circumstances

  constructor(token: VerifiableToken, scopes: ReadonlyArray<Scope>, circumstances: Circumstances) {
    this.id = token.id
    this.ownedBy = token.ownedBy
    this.scopes = scopes
    this.expiresAt = token.expiresAt
    this.revocation = token.revocation
    this.ancestors = token.ancestors.length === 0 ? none : token.ancestors
    this.#circumstances = circumstances
  }

  /** The facts as looked up, without the secret's digest. */
  get facts(): Facts {
    const { secret, ancestors, owner } = this.#circumstances
    return { found: { token: this, secret }, ancestors, owner }
  }
}

/** Beyond this many distinct values, sharing stops paying off and the table is cleared. */
const mostShared = 1000

/** Creates `RememberedToken`s that share equal scope lists and circumstances. */
export const makeRemember = (): ((facts: Facts) => RememberedToken) => {
  const lists = new Map<string, ReadonlyArray<Scope>>()
  const circumstances = new Map<string, Circumstances>()
  return (facts) => {
    const { token, secret } = facts.found
    const scopes = shared(lists, token.scopes.join(" "), () => token.scopes)
    const isOrdinary =
      secret.state._tag === "Active" &&
      facts.ancestors.length === 0 &&
      facts.owner.active &&
      facts.owner.scopes === "all"
    return new RememberedToken(
      token,
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
const circumstancesOf = ({ found, ancestors, owner }: Facts): Circumstances => {
  const { generation, keyId, state } = found.secret
  return { secret: { generation, keyId, state }, ancestors, owner }
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
