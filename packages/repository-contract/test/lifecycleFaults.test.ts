import { assert, describe, it } from "@effect/vitest"
import { ApiToken, MemoryRepository } from "@tokenry/core"
import { ApiTokenRepository, Secret, type VerifiableToken } from "@tokenry/core/adapter"
import { checkLifecycle, type Repository } from "@tokenry/repository-contract"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

describe("the law of the life of tokens can fail", () => {
  for (const { name, shownBy, steps, change } of faults()) {
    it.live(name, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(checkLifecycle(faulty(change)))
        const complaint = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "nothing"
        assert.match(complaint, /Shrunk input/)
        assert.include(complaint, shownBy)
        assert.isAtMost(complaint.split('"requiring"').length - 1, steps, complaint)
        assert.notMatch(complaint, /tok_|[0-9a-f]{64}/, "no token and no digest is shown")
      }),
    )
  }
})

interface Fault {
  readonly name: string
  /** The failure's message. */
  readonly shownBy: string
  /** How many steps at most it takes to show it. */
  readonly steps: number
  readonly change: (right: Repository) => Partial<Repository>
}

function faults(): ReadonlyArray<Fault> {
  const verifying = "what verifying the secret of generation"
  return [
    {
      name: "a retired secret that is found as the active one",
      shownBy: verifying,
      steps: 3,
      change: (right) => ({
        findByDigest: (candidates) =>
          Effect.map(
            right.findByDigest(candidates),
            Option.map(({ token, secret }) => ({ token, secret: { ...secret, state: Secret.active } })),
          ),
      }),
    },
    {
      name: "a revocation that is forgotten of ancestors",
      shownBy: "no token is accepted after an ancestor's expiry",
      steps: 4,
      change: withAncestors((ancestor) => ({ ...ancestor, revocation: Option.none() })),
    },
    {
      name: "ancestors as they were before they were narrowed",
      shownBy: "no token has rights that an ancestor lacks",
      steps: 4,
      change: (right) => {
        const first = new Map<string, VerifiableToken["scopes"]>()
        return {
          insert: (token) =>
            Effect.andThen(
              right.insert(token),
              Effect.sync(() => first.set(token.id, token.scopes)),
            ),
          ...withAncestors((ancestor) => ({ ...ancestor, scopes: first.get(ancestor.id) ?? [] }))(right),
        }
      },
    },
    {
      name: "a minted token that is stored without its ancestors",
      shownBy: "AssertionError",
      steps: 4,
      change: (right) => ({ insert: (token) => right.insert(new ApiToken({ ...token, ancestors: [] })) }),
    },
    {
      name: "a replace that loses the narrowing",
      shownBy: verifying,
      steps: 3,
      change: replacing((token, stored) => new ApiToken({ ...token, scopes: stored.scopes })),
    },
    {
      name: "a replace that loses the revocation",
      shownBy: verifying,
      steps: 3,
      change: replacing((token) => new ApiToken({ ...token, revocation: Option.none() })),
    },
    {
      name: "a replace that loses the new expiry",
      shownBy: verifying,
      steps: 3,
      change: replacing((token, stored) => new ApiToken({ ...token, expiresAt: stored.expiresAt })),
    },
    {
      name: "a replace that keeps the history that there was",
      shownBy: "what the step comes to",
      steps: 4,
      change: replacing((token, stored) => new ApiToken({ ...token, history: stored.history })),
    },
    {
      name: "a grace that ends a millisecond late",
      shownBy: verifying,
      steps: 4,
      change: replacing((token) => withSecrets(token, later)),
    },
    {
      name: "one secret in its grace, and no second",
      shownBy: verifying,
      steps: 4,
      change: replacing((token) => {
        const [, second] = token.secrets.filter(({ state }) => state._tag === "Retiring")
        return withSecrets(token, (secret) =>
          secret === second ? { ...secret, state: { _tag: "Retired", at: token.createdAt } } : secret,
        )
      }),
    },
    {
      name: "digests that are never forgotten",
      shownBy: verifying,
      steps: 50,
      change: (right) => {
        const found = new Map<string, Effect.Success<ReturnType<Repository["findByDigest"]>>>()
        return {
          findByDigest: (candidates) =>
            Effect.map(right.findByDigest(candidates), (answer) => {
              const { hex = "" } = candidates[0] ?? {}
              if (Option.isSome(answer)) found.set(hex, answer)
              return found.get(hex) ?? answer
            }),
        }
      },
    },
  ]
}

const faulty = (change: Fault["change"]) =>
  Layer.effect(
    ApiTokenRepository,
    Effect.map(ApiTokenRepository, (right) => ({ ...right, ...change(right) })),
  ).pipe(Layer.provide(MemoryRepository.layer))

/** A repository that gives ancestors otherwise than they are. */
function withAncestors(alter: (ancestor: VerifiableToken) => VerifiableToken): Fault["change"] {
  return (right) => ({
    findManyById: (ids) => Effect.map(right.findManyById(ids), (ancestors) => ancestors.map(verifiable).map(alter)),
  })
}

const verifiable = ({
  id,
  ownedBy,
  scopes,
  expiresAt,
  revocation,
  ancestors,
  boundTo,
}: VerifiableToken): VerifiableToken => ({
  id,
  ownedBy,
  scopes,
  expiresAt,
  revocation,
  ancestors,
  boundTo,
})

/** A repository that writes something else than it is given. */
function replacing(alter: (token: ApiToken, stored: ApiToken) => ApiToken): Fault["change"] {
  return (right) => ({
    replace: (token, expectedRevision) =>
      Effect.flatMap(right.findById(token.id), (stored) =>
        right.replace(
          alter(
            token,
            Option.getOrElse(stored, () => token),
          ),
          expectedRevision,
        ),
      ),
  })
}

const withSecrets = (token: ApiToken, alter: (secret: Secret) => Secret) => {
  const [active, ...others] = token.secrets
  return new ApiToken({ ...token, secrets: [active, ...others.map(alter)] })
}

const later = (secret: Secret): Secret =>
  secret.state._tag === "Retiring"
    ? { ...secret, state: { _tag: "Retiring", until: DateTime.add(secret.state.until, { milliseconds: 1 }) } }
    : secret
