/** Operations on many tokens at once: incident response and periodic cleanup. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { UsageRecorder } from "../background/UsageRecorder.ts"
import { InvalidInput } from "../errors.ts"
import { streamModule } from "../ports/lazily.ts"
import { attributionOf, durationOf } from "./requestParts.ts"
import type {
  ExpiringRequest,
  PurgeRequest,
  RevokeAllIssuedToRequest,
  RevokeIssuedToRequest,
  RevokeOwnedByRequest,
  RevokeUnusedRequest,
} from "./requests.ts"
import type { SecretUsage } from "../token/SecretUsage.ts"
import { type ApiToken, stateOf } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import { isLostRace, onRequest } from "./changing.ts"
import { currentInstant } from "./present.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

/** How many tokens one query for their usage is about. */
const pageSize = 100

export const sweeping = ({ repository, usage, policy, deliverEverything, parse }: UseCaseParts) => {
  const revokeOwnedBy = Effect.fn("ApiTokens.revokeOwnedBy")(function* (input: RevokeOwnedByRequest) {
    const request = yield* parse("RevokeOwnedByRequest", input)
    const { ownedBy, reason = onRequest } = request
    const revocation = { at: yield* currentInstant, reason }
    return yield* repository.revokeOwnedBy(ownedBy as OwnerId, revocation, attributionOf(request))
  })

  const revokeIssuedTo = Effect.fn("ApiTokens.revokeIssuedTo")(function* (input: RevokeIssuedToRequest) {
    const request = yield* parse("RevokeIssuedToRequest", input)
    const { issuedTo, ownedBy, reason = onRequest } = request
    const revocation = { at: yield* currentInstant, reason }
    const owner = Option.some(ownedBy as OwnerId)
    return yield* repository.revokeIssuedTo(issuedTo, owner, revocation, attributionOf(request))
  })

  const revokeAllIssuedTo = Effect.fn("ApiTokens.revokeAllIssuedTo")(function* (input: RevokeAllIssuedToRequest) {
    const request = yield* parse("RevokeAllIssuedToRequest", input)
    const { issuedTo, reason = onRequest } = request
    const revocation = { at: yield* currentInstant, reason }
    return yield* repository.revokeIssuedTo(issuedTo, Option.none(), revocation, attributionOf(request))
  })

  const purge = Effect.fn("ApiTokens.purge")(function* (input: PurgeRequest) {
    const { deadFor } = yield* parse("PurgeRequest", input)
    yield* deliverEverything
    return yield* repository.purge(DateTime.subtractDuration(yield* currentInstant, periodOf(deadFor)))
  })

  const revokeUnused = Effect.fn("ApiTokens.revokeUnused")(function* (input: RevokeUnusedRequest) {
    const { unusedFor } = yield* parse("RevokeUnusedRequest", input)
    const longest = unusedFor === undefined ? policy.longestUnused : periodOf(unusedFor)
    if (longest === null) return yield* invalid("unusedFor", "is required, since the policy has no longestUnused")
    if (Option.isNone(usage)) return yield* invalid("unusedFor", "can't be checked, since uses are not recorded")
    const now = yield* currentInstant
    const since = DateTime.subtractDuration(now, longest)
    // Nothing is known about the time before recording started.
    if (DateTime.isGreaterThan(yield* usage.value.since(now), since)) return 0
    const revoke = revokeUnusedAmong(repository, usage.value.usageOf, since, now)
    const Stream = yield* streamModule
    return yield* Stream.runFoldEffect(
      Stream.grouped(yield* repository.liveCreatedBefore(since, now), pageSize),
      () => 0,
      (total, page) => Effect.map(revoke(page), (count) => total + count),
    )
  })

  const expiringWithin = Effect.fn("ApiTokens.expiringWithin")(function* (input: ExpiringRequest) {
    const { within } = yield* parse("ExpiringRequest", input)
    // A token that expires right now has expired; one that expires exactly at the end is included.
    const from = DateTime.addDuration(yield* currentInstant, Duration.millis(1))
    return yield* repository.expiringBetween(from, DateTime.addDuration(from, periodOf(within)))
  })

  return { revokeOwnedBy, revokeIssuedTo, revokeAllIssuedTo, purge, revokeUnused, expiringWithin }
}

/**
 * Revokes the tokens of a page that weren't used since then, and nothing minted with them was. Returns how many. One
 * query finds the usage of the whole page.
 */
const revokeUnusedAmong = (
  repository: UseCaseParts["repository"],
  usageOf: UsageRecorder["usageOf"],
  since: DateTime.Utc,
  now: DateTime.Utc,
) => {
  const isUsed = ({ lastUsedAt }: SecretUsage) => Option.exists(lastUsedAt, DateTime.isGreaterThan(since))

  const revoke = ({ id }: ApiToken) =>
    Effect.gen(function* () {
      const token = Option.getOrUndefined(yield* repository.findById(id))
      if (token === undefined || stateOf(token, now) !== "live" || isRotated(token, since)) return false
      yield* repository.replace(token.revoke({ at: now, reason: "unused for too long" }, bySweep), token.revision)
      return true
    }).pipe(Effect.retry({ while: isLostRace }), Effect.catchTag(["RevisionConflict", "DuplicateToken"], Effect.die))

  return Effect.fnUntraced(function* (page: ReadonlyArray<ApiToken>) {
    const usages = yield* usageOf(page.map(({ id }) => id))
    const used = new Set(usages.filter(isUsed).map(({ tokenId }) => tokenId))
    const revoked = yield* Effect.filter(page, (token) => (used.has(token.id) ? Effect.succeed(false) : revoke(token)))
    return revoked.length
  })
}

/** A freshly rotated token has had no time to use its new secret. */
const isRotated = ({ history }: ApiToken, since: DateTime.Utc): boolean =>
  history.some(({ kind, at }) => kind === "rotated" && DateTime.isGreaterThan(at, since))

const bySweep: Attribution = { actor: { kind: "sweep", id: "unused" }, origin: {} }

const periodOf = (period: string | Duration.Duration): Duration.Duration => durationOf(period) ?? Duration.zero

const invalid = (field: string, message: string) => new InvalidInput({ issues: [{ path: [field], message }] })
