/** Takes one step with the real service and the model, and checks that both accept or refuse it. */
import { assert } from "@effect/vitest"
import type { Issued } from "@tokenry/core"
import type { OwnerId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  activeOf,
  type ActingSecret,
  ancestorsOf,
  earliestExpiry,
  isActive,
  isGranted,
  type LifecycleModel,
  type ModelToken,
} from "./LifecycleModel.ts"
import type { LifecycleService } from "./LifecycleService.ts"
import {
  type Acting,
  type AskedMint,
  type AskedRotation,
  type Expiry,
  grants,
  type LifecycleStep,
  lifetimes,
  policy,
  type TokenNumber,
} from "./LifecycleStep.ts"
import { latestRenewal, toActing, toEndGrace, toIssue, toMint, toNarrow, toRotate, toShorten } from "./objections.ts"

/** One owner's tokens, in the real service and in the model. */
export interface Life {
  readonly service: LifecycleService
  readonly ownedBy: OwnerId
  readonly model: LifecycleModel
}

/** Each owner's first token: it has every scope and never expires. */
export const begin = (life: Life): Effect.Effect<string> => issuing(life, undefined, Object.keys(grants), "never")

/** `accepted`, or the tag of the error. Distinguishes a token's repeated rotation. */
export const take = (life: Life, step: LifecycleStep): Effect.Effect<string> =>
  Effect.suspend(() => {
    const { model, service, ownedBy } = life
    const { tokens } = service
    if ("issue" in step) {
      const scopes = askedScopes(step.issue, [model.owner.scopes])
      return issuing(life, undefined, scopes, step.issue.expiry)
    }
    if ("mint" in step) return minting(life, model.acting(step.mint.by), step.mint)
    if ("narrow" in step) {
      return on(life, step.narrow, (token, by, request) => {
        const scopes = askedScopes(step.narrow, [token.scopes])
        return attempt(
          toNarrow(model, token, scopes, by),
          tokens.edit({ ...request, scopes }),
          () => (token.scopes = scopes),
        )
      })
    }
    if ("shorten" in step) {
      return on(life, step.shorten, (token, by, request) => {
        const { expiresAt, fields } = askedExpiry(step.shorten.expiry, model.now, token.expiresAt)
        const becomes = expiresAt ?? token.expiresAt
        return attempt(
          toShorten(model, token, becomes, by),
          tokens.edit({ ...request, ...fields }),
          () => (token.expiresAt = becomes),
        )
      })
    }
    if ("rotate" in step) {
      return on(life, step.rotate, (token, by, request) => rotating(life, token, by, request, step.rotate))
    }
    if ("rotateItself" in step) {
      const by = model.acting(step.rotateItself.by)
      return rotating(life, by.token, by, requestOf(life, by.token, by), step.rotateItself)
    }
    if ("endGrace" in step) {
      return on(life, step.endGrace, (token, by, request) =>
        attempt(toEndGrace(model, token, by), tokens.endGrace(request), () => model.endGrace(token)),
      )
    }
    if ("revoke" in step) {
      return on(life, step.revoke, (token, by, request) =>
        attempt(toActing(model, token, by), tokens.revoke(request), () => (token.isRevoked = true)),
      )
    }
    if ("wait" in step) {
      model.now += step.wait
      return accepted
    }
    if ("waitForEnd" in step) {
      const { ends, now } = model
      const end = ends[step.waitForEnd % ends.length] ?? now
      model.now = Math.max(now, end + step.offset)
      return accepted
    }
    if ("owner" in step) model.owner = { ...model.owner, isActive: step.owner === "reactivated" }
    else model.owner = { ...model.owner, scopes: step.ownerHolds === "all" ? Object.keys(grants) : step.ownerHolds }
    const isAll = "ownerHolds" in step && step.ownerHolds === "all"
    const { isActive, scopes } = model.owner
    service.owners.set(ownedBy, isActive ? { active: true, scopes: isAll ? "all" : scopes } : { active: false })
    return accepted
  })

const accepted = Effect.succeed("accepted")

interface Request {
  readonly id: string
  readonly ownedBy: string
  readonly caller?: { readonly tokenId: string; readonly generation: number; readonly ownedBy: string }
}

/** Makes the request. If it is accepted, updates the model. */
const attempt = <A, E extends { readonly _tag: string }>(
  objections: ReadonlyArray<string>,
  request: Effect.Effect<A, E>,
  done: (answer: A) => void,
): Effect.Effect<string> =>
  Effect.map(Effect.result(request), (result) => {
    const outcome = Result.isSuccess(result) ? "accepted" : result.failure._tag
    assert.include(objections.length === 0 ? ["accepted"] : objections, outcome, "what the step comes to")
    if (Result.isSuccess(result)) done(result.success)
    return outcome
  })

const issuing = (
  { model, service, ownedBy }: Life,
  by: ActingSecret | undefined,
  scopes: ReadonlyArray<string>,
  expiry: Expiry,
) => {
  const latest = by === undefined ? Infinity : earliestExpiry([by.token, ...ancestorsOf(by.token)])
  const { expiresAt, fields } = askedExpiry(expiry, model.now, by === undefined ? longestFrom(model.now) : latest)
  const asked = { scopes, expiresAt }
  return attempt(
    by === undefined ? toIssue(model, asked) : toMint(model, by, asked),
    service.tokens.issue({ ownedBy, name: "a token", scopes, ...fields, ...callerOf(by, ownedBy) }),
    ({ plaintext, token: { id } }) => {
      const expires = expiresAt ?? Math.min(model.now + policy.defaultLifetime, latest)
      model.issue({ id, parent: by?.token, scopes, expiresAt: expires }, plaintext)
    },
  )
}

const minting = (life: Life, by: ActingSecret, asked: Omit<AskedMint, "by">): Effect.Effect<string> => {
  const { model } = life
  const holders = [by.token, ...ancestorsOf(by.token)].map(({ scopes }) => scopes)
  const scopes = askedScopes(asked, [...holders, model.owner.scopes])
  return Effect.flatMap(issuing(life, by, scopes, asked.expiry), (outcome) => {
    const token = model.tokens.at(-1)
    if (asked.generations === 1 || outcome !== "accepted" || token === undefined) return Effect.succeed(outcome)
    return minting(life, { token, secret: activeOf(token) }, { ...asked, generations: asked.generations - 1 })
  })
}

const rotating = (
  life: Life,
  token: ModelToken,
  by: ActingSecret | undefined,
  request: Request,
  asked: Omit<AskedRotation, "by">,
): Effect.Effect<string> => {
  const { model, service } = life
  const latest = latestRenewal(token, by)
  const isUnbound = by?.token !== token && token.parent === undefined
  const { expiresAt, fields } = askedExpiry(asked.expiry, model.now, isUnbound ? longestFrom(model.now) : latest)
  const grace = asked.grace === "default" ? policy.defaultGrace : lifetimes[asked.grace]
  const isRepeated = by?.token === token && !isActive(by.secret)
  const graceFor = asked.grace === "default" ? {} : { graceFor: asked.grace }
  const outcome = attempt<Issued, { readonly _tag: string }>(
    toRotate(model, token, { grace, expiresAt }, by),
    service.tokens.rotate({ ...request, ...fields, ...graceFor }),
    ({ plaintext }) =>
      model.rotate(token, {
        plaintext,
        graceEnds: model.now + grace,
        expiresAt: expiresAt ?? keptExpiry(model, token),
        by,
      }),
  )
  return asked.times > 1
    ? Effect.andThen(
        outcome,
        Effect.suspend(() => rotating(life, token, by, request, { ...asked, times: asked.times - 1 })),
      )
    : Effect.map(outcome, (outcome) => (isRepeated ? `${outcome} with a replaced secret` : outcome))
}

/** Continues with the token concerned, and the calling token. */
const on = (
  life: Life,
  meant: { readonly token: TokenNumber; readonly by: Acting | null },
  go: (token: ModelToken, by: ActingSecret | undefined, request: Request) => Effect.Effect<string>,
): Effect.Effect<string> => {
  const { model } = life
  const by = meant.by === null ? undefined : model.acting(meant.by)
  const isReached = (token: ModelToken) => by === undefined || [token, ...ancestorsOf(token)].includes(by.token)
  const outside = model.tokens.filter((token) => !isReached(token)).slice(0, 1)
  const token = model.pick([...model.tokens.filter(isReached), ...outside], meant.token)
  return go(token, by, requestOf(life, token, by))
}

const requestOf = ({ ownedBy }: Life, { id }: ModelToken, by: ActingSecret | undefined): Request => ({
  id,
  ownedBy,
  ...callerOf(by, ownedBy),
})

/** The caller as `verify` returned it when the secret was accepted, possibly long ago. */
const callerOf = (by: ActingSecret | undefined, ownedBy: string) =>
  by === undefined ? {} : { caller: { tokenId: by.token.id, generation: by.secret.generation, ownedBy } }

/** The scopes to request; the first holder is the calling token. */
const askedScopes = (
  { scopes, allBut, within }: Pick<AskedMint, "scopes" | "allBut" | "within">,
  holders: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> => {
  const heeded = { all: [], own: holders.slice(0, 1), givable: holders }[within]
  const listed = allBut
    ? Object.keys(grants).filter((scope) => !(scopes as ReadonlyArray<string>).includes(scope))
    : scopes
  return listed.filter((scope) => heeded.every((held) => isGranted(scope, held)))
}

/** The requested instant, if any, and the request's fields for it. */
const askedExpiry = (
  expiry: Expiry,
  now: number,
  latest: number,
): { readonly expiresAt: number | undefined; readonly fields: { expiresAt?: Date | null; expiresIn?: string } } => {
  if (expiry === "default") return { expiresAt: undefined, fields: {} }
  if (expiry !== "latest" && expiry !== "later" && expiry !== "never") {
    return { expiresAt: now + lifetimes[expiry], fields: { expiresIn: expiry } }
  }
  const expiresAt = expiry === "never" ? Infinity : latest + (expiry === "later" ? 1 : 0)
  return { expiresAt, fields: { expiresAt: expiresAt === Infinity ? null : new Date(expiresAt) } }
}

/** The token's own expiry, or the longest the policy allows now if that is sooner. Never stays never. */
const keptExpiry = ({ now }: LifecycleModel, { expiresAt }: ModelToken): number =>
  expiresAt === Infinity ? Infinity : Math.min(expiresAt, longestFrom(now))

const longestFrom = (now: number): number => now + policy.longestLifetime
