/** Creates tokens: in a person's session, or minted with another token. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as References from "effect/References"
import { InactiveOwner, PolicyViolation, ScopeNotHeld } from "../errors.ts"
import { makePlaintext } from "./plaintext.ts"
import { type ActingCaller, attributionOf, requestedExpiry } from "./requestParts.ts"
import type { IssueRequest } from "./requests.ts"
import type { OwnerDirectory } from "../ports/OwnerDirectory.ts"
import { ApiToken, earliestExpiry, type VerifiableToken } from "../token/ApiToken.ts"
import { missingScopes } from "../token/Caller.ts"
import { KeyBinding } from "../token/KeyBinding.ts"
import type { OwnerId } from "../token/OwnerId.ts"
import type { Side } from "../token/Refusal.ts"
import type { NewSecret } from "../token/Secret.ts"
import { hintOf } from "../token/TokenFormat.ts"
import { TokenId } from "../token/TokenId.ts"
import type { Authority } from "./authority.ts"
import { instantOf } from "./present.ts"
import { proposeNew } from "./proposals.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

/** A new or rotated token, with the only copy of its plaintext. */
export interface Issued {
  /** What the client sends. Show it once; it isn't stored anywhere. */
  readonly plaintext: string
  readonly token: ApiToken
}

/** The maximum depth: how many ancestors a token may have. */
const ancestorsAtMost = 8

export const issuing = (
  { repository, owners, random, digesting, rules, policy, format, parse }: UseCaseParts,
  { actingToken }: Authority,
) => {
  const { catalogue } = rules

  /** Fails unless the owner is active and has these scopes. */
  const assertOwnerHas = Effect.fnUntraced(function* (
    scopes: ReadonlyArray<string>,
    ownedBy: OwnerId,
    directory: OwnerDirectory["Service"],
  ) {
    const authority = yield* directory.authorityOf(ownedBy)
    if (!authority.active) return yield* new InactiveOwner({ ownedBy })
    if (authority.scopes !== "all") yield* assertHeld(scopes, "owner", catalogue.close(authority.scopes))
  })

  /** The tokens a new one is minted with, outermost first. Fails unless all of them are live. */
  const mintersOf = Effect.fnUntraced(function* (caller: ActingCaller, now: DateTime.Utc) {
    const { token, ancestors } = yield* actingToken(caller, now)
    const ids = [...token.ancestors, token.id]
    if (ids.length > ancestorsAtMost) return yield* new PolicyViolation({ issues: [tooDeep] })
    return { ids, tokens: [...ancestors, token] }
  })

  const nextId = TokenId.inSequence(random)

  /**
   * The new token, if the rules, the policy and everybody's authority allow it. Starts when called, so call it in an
   * effect that runs.
   */
  const newToken = Effect.fnUntracedEager(function* (input: IssueRequest, secret: NewSecret, now: DateTime.Utc) {
    const request = yield* parse("IssueRequest", input)
    const { name, scopes, issuedTo, caller, boundTo } = request
    const ownedBy = request.ownedBy as OwnerId
    const expiry = yield* requestedExpiry(request)
    const minters = caller === undefined ? noMinters : yield* mintersOf(caller, now)
    const latest = earliestExpiry(minters.tokens)
    const proposal = yield* proposeNew({ name, scopes, expiry, latest }, rules, policy, now)
    for (const minter of minters.tokens.toReversed()) {
      yield* assertHeld(proposal.scopes, sideOf(minter, caller), catalogue.close(minter.scopes))
    }
    if (Option.isSome(owners)) yield* assertOwnerHas(proposal.scopes, ownedBy, owners.value)
    return ApiToken.issue(
      {
        ...proposal,
        id: nextId(now),
        ownedBy,
        issuedTo: Option.fromUndefinedOr(issuedTo),
        ancestors: minters.ids,
        boundTo: yield* boundAs(boundTo, minters.tokens.at(-1)),
      },
      secret,
      now,
      attributionOf(request),
    )
  })

  const insertNew = (input: IssueRequest, secret: NewSecret, now: DateTime.Utc) =>
    Effect.flatMapEager(newToken(input, secret, now), (token) => Effect.as(repository.insert(token), token))

  /** A span keeps its result, so the plaintext stays outside it. */
  const issue = (request: IssueRequest) =>
    Effect.withFiber((fiber) => {
      const plaintext = makePlaintext(format, random)
      const { digest, keyId } = digesting.toStore(digesting.sha256(plaintext))
      const insert = () => insertNew(request, { digest, keyId, hint: hintOf(format, plaintext) }, instantOf(fiber))
      // Without a tracer, as in the promise API, even an empty span would take a seventh of an issue's time.
      const traced = fiber.getRef(References.TracerEnabled)
        ? Effect.withSpan(Effect.suspend(insert), "ApiTokens.issue", { captureStackTrace: false })
        : insert()
      return Effect.map(traced, (token): Issued => ({ plaintext, token }))
    })

  return { issue }
}

/** Frozen, because every token that is issued without a caller has this list of ancestors. */
const noMinters = { ids: Object.freeze<ReadonlyArray<TokenId>>([]), tokens: [] }

const tooDeep = {
  path: ["caller"],
  message: `must have fewer than ${ancestorsAtMost} ancestors to mint tokens`,
}

/** Fails with the requested scopes that this side doesn't hold. */
const assertHeld = (
  asked: ReadonlyArray<string>,
  on: Side,
  held: ReadonlyArray<string>,
): Effect.Effect<void, ScopeNotHeld> => {
  const excess = missingScopes(asked, { scopes: held }).map(({ scope }) => scope)
  return excess.length === 0 ? Effect.void : Effect.fail(new ScopeNotHeld({ scopes: excess, on }))
}

/** A token minted with a bound one is bound as well, by default to the same key. */
const boundAs = (
  requested: KeyBinding | undefined,
  minter: VerifiableToken | undefined,
): Effect.Effect<Option.Option<KeyBinding>, PolicyViolation> => {
  const inherited = minter?.boundTo ?? Option.none()
  if (requested === undefined) return Effect.succeed(inherited)
  return requested === "first-key" && Option.exists(inherited, KeyBinding.isThumbprint)
    ? Effect.fail(new PolicyViolation({ issues: [notFirst] }))
    : Effect.succeed(Option.some(requested))
}

const notFirst = {
  path: ["boundTo"],
  message: "must be a key's thumbprint, because the minting token is bound to a key",
}

const sideOf = (minter: VerifiableToken, caller: IssueRequest["caller"]): Side =>
  minter.id === caller?.tokenId ? "token" : "ancestor"
