/** Shows the current state of an owner's tokens in as few queries as possible. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { DamagedToken, InvalidInput } from "../errors.ts"
import type { OwnerAuthority } from "../ports/OwnerDirectory.ts"
import type { VerifiableToken } from "../token/ApiToken.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import { TokenId } from "../token/TokenId.ts"
import { type EffectiveState, effectiveStateOf, stateBelowDamage } from "../verifying/effectiveState.ts"
import { currentInstant } from "./present.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

export const showing = ({ repository, owners, rules: { catalogue } }: UseCaseParts) => {
  /** The tokens that exist; `undefined` instead of one whose record is damaged. */
  const findAll = (ids: ReadonlyArray<TokenId>) =>
    repository.findManyById(ids).pipe(
      Effect.map((found) => new Map<TokenId, VerifiableToken | undefined>(found.map((token) => [token.id, token]))),
      Effect.catchCause((cause) =>
        isDamage(cause)
          ? Effect.map(Effect.forEach(ids, findOne), (entries) => new Map(entries.flat()))
          : Effect.failCause(cause),
      ),
    )

  const findOne = (id: TokenId) =>
    repository.findManyById([id]).pipe(
      Effect.map((found) => found.map((token) => [id, token as VerifiableToken | undefined] as const)),
      Effect.catchCause((cause) =>
        isDamage(cause) ? Effect.succeed([[id, undefined] as const]) : Effect.failCause(cause),
      ),
    )

  const authoritiesOf = Effect.fnUntraced(function* (ids: ReadonlyArray<OwnerId>) {
    if (Option.isNone(owners)) return new Map<OwnerId, OwnerAuthority>()
    const { authorityOf } = owners.value
    const asked = Effect.forEach(ids, (id) => Effect.map(authorityOf(id), (authority) => [id, authority] as const), {
      concurrency: 10,
    })
    return new Map(yield* asked)
  })

  const effectiveStatesOf = Effect.fn("ApiTokens.effectiveStatesOf")(function* (
    tokens: ReadonlyArray<VerifiableToken>,
  ) {
    if (!Array.isArray(tokens)) return yield* invalid([], "must be a list of tokens")
    const wrong = tokens.findIndex((token) => !isToken(token))
    if (wrong >= 0) return yield* invalid([String(wrong)], "must be a token")
    const now = yield* currentInstant
    const found = yield* findAll([...new Set(tokens.flatMap(({ ancestors }) => ancestors))])
    const stateOf = (token: VerifiableToken, owner: OwnerAuthority): EffectiveState =>
      token.ancestors.some((id) => found.has(id) && found.get(id) === undefined)
        ? stateBelowDamage(token, catalogue)
        : effectiveStateOf(
            token,
            token.ancestors.flatMap((id) => found.get(id) ?? []),
            owner,
            catalogue,
            now,
          )
    const live = tokens.filter((token) => stateOf(token, unlimited).state === "live")
    const authorities = yield* authoritiesOf([...new Set(live.map(({ ownedBy }) => ownedBy))])
    return tokens.map((token) => stateOf(token, authorities.get(token.ownedBy) ?? unlimited))
  })

  return { effectiveStatesOf }
}

const unlimited: OwnerAuthority = { active: true, scopes: "all" }

const isDamage = (cause: Cause.Cause<unknown>): boolean => Cause.squash(cause) instanceof DamagedToken

const isToken = (value: VerifiableToken): boolean =>
  TokenId.is(value?.id) &&
  Array.isArray(value.scopes) &&
  Array.isArray(value.ancestors) &&
  Option.isOption(value.expiresAt) &&
  Option.isOption(value.revocation)

const invalid = (path: ReadonlyArray<string>, message: string) => new InvalidInput({ issues: [{ path, message }] })
