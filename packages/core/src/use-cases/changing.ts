/** Changes one token: read, apply the rules, write under the revision that was read. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { MakeRoom } from "../background/AuditDelivery.ts"
import { RevisionConflict, RevisionMismatch } from "../errors.ts"
import { makePlaintext } from "./plaintext.ts"
import { attributionOf, durationOf, requestedExpiry } from "./requestParts.ts"
import type { EditRequest, EndGraceRequest, RevokeRequest, RotateRequest } from "./requests.ts"
import { type ApiToken, earliestExpiry } from "../token/ApiToken.ts"
import type { NewSecret } from "../token/Secret.ts"
import { hintOf } from "../token/TokenFormat.ts"
import { assertLive, type Authority, type Reach } from "./authority.ts"
import type { Issued } from "./issuing.ts"
import { currentInstant } from "./present.ts"
import { proposeChange, proposeRotation } from "./proposals.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

/** The default reason for a revocation. */
export const onRequest = "on request"

export const changing = (
  { repository, random, digesting, rules, policy, format, parse, makeRoom }: UseCaseParts,
  { reach, reachToRotate, liveAncestors }: Authority,
) => {
  /** Writes the decision unless nothing changes; fails if another write came first. */
  const change = <E>(
    request: Reach,
    decide: (token: ApiToken, now: DateTime.Utc) => Effect.Effect<ApiToken, E>,
    { find = reach, prepare = makeRoom }: { readonly find?: typeof reach; readonly prepare?: MakeRoom } = {},
  ) =>
    Effect.gen(function* () {
      const now = yield* currentInstant
      const token = yield* Effect.flatMap(find(request, now), prepare)
      const changed = yield* decide(token, now)
      if (changed !== token) yield* repository.replace(changed, token.revision)
      return changed
    }).pipe(Effect.catchTag("DuplicateToken", Effect.die))

  const edit = Effect.fn("ApiTokens.edit")(function* (input: EditRequest) {
    const request = yield* parse("EditRequest", input)
    const { name, scopes } = request
    const by = attributionOf(request)
    const expiry = yield* requestedExpiry(request)
    return yield* change(request, (token, now) =>
      Effect.gen(function* () {
        yield* assertLive(token, now)
        yield* assertExpected(token, request)
        const proposal = yield* proposeChange(token, { name, scopes, expiry }, rules, now)
        return token
          .rename(proposal.name, now, by)
          .narrow(proposal.scopes, now, by)
          .shorten(proposal.expiresAt, now, by)
      }),
    ).pipe(Effect.retry({ while: isLostRace, schedule: afterLostRace, times: 200 }))
  })

  const applyRotation = Effect.fn("ApiTokens.rotate")(function* (input: RotateRequest, secret: NewSecret) {
    const request = yield* parse("RotateRequest", input)
    const { caller, graceFor, id } = request
    const grace = graceFor === undefined ? undefined : durationOf(graceFor)
    const expiry = yield* requestedExpiry(request)
    const isItself = caller?.tokenId === id
    let generation: number | undefined
    let isOutrun = false

    const rotate = (token: ApiToken, now: DateTime.Utc) =>
      Effect.gen(function* () {
        yield* assertLive(token, now)
        yield* assertExpected(token, request)
        generation ??= token.secrets[0].generation
        isOutrun = token.secrets[0].generation !== generation
        if (isOutrun) return yield* new RevisionConflict({ id })
        const latest = earliestExpiry([...(yield* liveAncestors(token, now)), ...(isItself ? [token] : [])])
        const proposal = yield* proposeRotation(token, { expiry, graceFor: grace, latest }, policy, now)
        const presented = isItself ? caller.generation : undefined
        return token.rotate(secret, { ...proposal, now, presented }, attributionOf(request))
      })

    // Other concurrent changes don't matter, but another rotation wins.
    return yield* change(request, rotate, { find: reachToRotate }).pipe(
      Effect.retry({ while: (error) => isLostRace(error) && !isOutrun, schedule: afterLostRace, times: 200 }),
    )
  })

  /** As with `issue`, the plaintext stays outside the span. */
  const rotate = (request: RotateRequest) =>
    Effect.suspend(() => {
      const plaintext = makePlaintext(format, random)
      const secret = { ...digesting.toStore(digesting.sha256(plaintext)), hint: hintOf(format, plaintext) }
      return Effect.map(applyRotation(request, secret), (token): Issued => ({ plaintext, token }))
    })

  const endGrace = Effect.fn("ApiTokens.endGrace")(function* (input: EndGraceRequest) {
    const request = yield* parse("EndGraceRequest", input)
    return yield* change(request, (token, now) =>
      Effect.gen(function* () {
        yield* assertLive(token, now)
        yield* assertExpected(token, request)
        return token.endGrace(now, attributionOf(request))
      }),
    ).pipe(Effect.retry({ while: isLostRace, schedule: afterLostRace, times: 200 }))
  })

  const revoke = Effect.fn("ApiTokens.revoke")(function* (input: RevokeRequest) {
    const request = yield* parse("RevokeRequest", input)
    const { reason = onRequest } = request
    const decide = (token: ApiToken, now: DateTime.Utc) =>
      Option.isSome(token.revocation)
        ? Effect.succeed(token)
        : Effect.as(assertExpected(token, request), token.revoke({ at: now, reason }, attributionOf(request)))
    // An outage of the audit sink must not delay a revocation.
    return yield* change(request, decide, { prepare: Effect.succeed }).pipe(
      Effect.retry({ while: isLostRace, schedule: afterLostRace }),
      Effect.catchTag("RevisionConflict", Effect.die),
    )
  })

  return {
    edit,
    rotate,
    endGrace,
    revoke,
  }
}

/**
 * Fails if the current revision isn't the expected one. Safe in a race, because the write checks the revision that was
 * read.
 */
const assertExpected = ({ id, revision }: ApiToken, { expectedRevision }: Pick<EditRequest, "expectedRevision">) =>
  expectedRevision === undefined || [expectedRevision].flat().includes(revision)
    ? Effect.void
    : Effect.fail(new RevisionMismatch({ id }))

/** Whether another write came first. */
export const isLostRace = (error: { readonly _tag: string }): boolean => error._tag === "RevisionConflict"

/** Another write succeeded, so a retry is likely to work soon. Jitter keeps concurrent retries apart. */
export const afterLostRace = Schedule.spaced("5 millis").pipe(Schedule.jittered)
