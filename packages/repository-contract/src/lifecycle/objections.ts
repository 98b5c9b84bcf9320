/** Why a step must be refused: the tags of all applicable errors, in no particular order. */
import {
  type ActingSecret,
  ancestorsOf,
  earliestExpiry,
  isActive,
  isGranted,
  type LifecycleModel,
  type ModelToken,
} from "./LifecycleModel.ts"
import { policy } from "./LifecycleStep.ts"

/** The maximum number of ancestors. */
const ancestorsAtMost = 8

/** What is requested for a token: an expiry in milliseconds since 1970, Infinity for never, or undefined for none. */
export interface Asked {
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: number | undefined
}

export const toIssue = (model: LifecycleModel, { scopes, expiresAt }: Asked): ReadonlyArray<string> => [
  ...only("InactiveOwner", !model.owner.isActive),
  ...only("ScopeNotHeld", !scopes.every((scope) => isGranted(scope, model.owner.scopes))),
  ...toExpiry(model, expiresAt, Infinity),
]

export const toMint = (model: LifecycleModel, by: ActingSecret, asked: Asked): ReadonlyArray<string> => {
  const minters = [by.token, ...ancestorsOf(by.token)]
  return [
    ...toIssue(model, asked),
    ...toLife(model, minters),
    ...only("SecretNotActive", !isActive(by.secret)),
    ...only("PolicyViolation", minters.length > ancestorsAtMost),
    ...only("ScopeNotHeld", !asked.scopes.every((scope) => minters.every((minter) => isGranted(scope, minter.scopes)))),
    ...toExpiry(model, asked.expiresAt, earliestExpiry(minters)),
  ]
}

export const toNarrow = (
  model: LifecycleModel,
  token: ModelToken,
  scopes: ReadonlyArray<string>,
  by: ActingSecret | undefined,
): ReadonlyArray<string> => [
  ...toLife(model, [token]),
  ...toActing(model, token, by),
  ...only("ScopeNotHeld", !scopes.every((scope) => isGranted(scope, token.scopes))),
]

export const toShorten = (
  model: LifecycleModel,
  token: ModelToken,
  expiresAt: number,
  by: ActingSecret | undefined,
): ReadonlyArray<string> => [
  ...toLife(model, [token]),
  ...toActing(model, token, by),
  ...only("PolicyViolation", expiresAt <= model.now || expiresAt > token.expiresAt),
]

/** The policy limits a new secret even if the token keeps its expiry. */
export const toRotate = (
  model: LifecycleModel,
  token: ModelToken,
  { grace, expiresAt }: { readonly grace: number; readonly expiresAt: number | undefined },
  by: ActingSecret | undefined,
): ReadonlyArray<string> => [
  ...toLife(model, [token, ...ancestorsOf(token)]),
  ...(by?.token === token
    ? [...only("SecretNotActive", !model.mayRotateItself(by.secret)), ...only("InactiveOwner", !model.owner.isActive)]
    : toActing(model, token, by)),
  ...only("PolicyViolation", grace > policy.longestGrace),
  ...toExpiry(model, expiresAt, latestRenewal(token, by)),
]

/** A token can be renewed until its earliest ancestor expires; one that rotates itself can't be renewed at all. */
export const latestRenewal = (token: ModelToken, by: ActingSecret | undefined): number =>
  earliestExpiry(by?.token === token ? [token, ...ancestorsOf(token)] : ancestorsOf(token))

export const toEndGrace = (
  model: LifecycleModel,
  token: ModelToken,
  by: ActingSecret | undefined,
): ReadonlyArray<string> => [...toLife(model, [token]), ...toActing(model, token, by)]

/** Why the calling token can't reach the other one, or can't act any more. */
export const toActing = (
  model: LifecycleModel,
  token: ModelToken,
  by: ActingSecret | undefined,
): ReadonlyArray<string> =>
  by === undefined
    ? []
    : [
        ...only("TokenNotFound", token !== by.token && !ancestorsOf(token).includes(by.token)),
        ...toLife(model, [by.token, ...ancestorsOf(by.token)]),
        ...only("InactiveOwner", !model.owner.isActive),
        ...only("SecretNotActive", !isActive(by.secret)),
      ]

const toLife = (model: LifecycleModel, tokens: ReadonlyArray<ModelToken>): ReadonlyArray<string> =>
  only("TokenNotLive", !tokens.every((token) => model.isLive(token)))

const toExpiry = ({ now }: LifecycleModel, expiresAt: number | undefined, latest: number): ReadonlyArray<string> =>
  expiresAt === undefined
    ? []
    : [
        ...only("PolicyViolation", expiresAt <= now),
        ...only("PolicyViolation", expiresAt < Infinity && expiresAt > now + policy.longestLifetime),
        ...only("ExpiryNotHeld", expiresAt > latest),
      ]

const only = (tag: string, isObjected: boolean): ReadonlyArray<string> => (isObjected ? [tag] : [])
