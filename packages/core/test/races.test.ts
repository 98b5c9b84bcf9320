/** A change that races with another between its read and its write. */
import { expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens } from "@tokenry/core"
import { type ApiTokenRepository, unattributed } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { named, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, byAlice, catalogue, hour } from "./builders.ts"
import { overtaken } from "./repositories.ts"

type Attempt = (tokens: ApiTokens["Service"], own: { id: string; ownedBy: string }) => Effect.Effect<unknown, unknown>

/** The attempt's outcome, and the token then stored. */
const after = (
  theirs: (token: ApiToken) => ApiToken,
  attempt: Attempt,
  afterwards: (repository: ApiTokenRepository["Service"]) => Effect.Effect<unknown, { readonly _tag: string }> = () =>
    Effect.void,
) =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* tokens.issue({
      ownedBy: "user-1",
      name: "CI",
      scopes: ["treasure:edit", "treasure:delete"],
      expiresIn: "2 hours",
    })
    const own = { id: token.id, ownedBy: "user-1" }
    const attempting = yield* Effect.forkChild(Effect.result(attempt(tokens, own)))
    yield* TestClock.adjust("1 second")
    const result = yield* Fiber.join(attempting)
    const outcome: unknown = result._tag === "Success" ? result.success : result.failure
    return { outcome, stored: yield* Effect.option(tokens.find(own)) }
  }).pipe(
    Effect.provide(
      ApiTokens.layer({ catalogue }).pipe(
        Layer.provide([
          overtaken((stored, repository) =>
            Effect.andThen(repository.replace(theirs(stored), stored.revision), afterwards(repository)),
          ),
          NodeCrypto.layer,
        ]),
      ),
    ),
  )

const narrowed =
  (...left: ReadonlyArray<string>) =>
  (token: ApiToken) =>
    token.narrow(scopes(...left), at(0), unattributed)
const revoked = (token: ApiToken) => token.revoke({ at: at(0), reason: "leaked" }, unattributed)

it.effect("changes of two kinds are both made, and both delivered", () =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(narrowed("treasure:read"), (tokens, own) =>
      tokens.edit({ ...own, name: "laptop", by: byAlice }),
    )
    expect(outcome).toMatchObject({ name: "laptop", scopes: ["treasure:read"], revision: 3 })
    expect(outcome).toMatchObject({
      history: [{ kind: "issued" }, { kind: "narrowed" }, { kind: "renamed", ...byAlice }],
    })
    expect(stored).toEqual(Option.some(outcome))
  }),
)

it.effect("scopes that someone else removed meanwhile don't come back", () =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(narrowed("treasure:read"), (tokens, own) =>
      tokens.edit({ ...own, scopes: ["treasure:edit"] }),
    )
    expect(outcome).toMatchObject({ _tag: "ScopeNotHeld", scopes: ["treasure:edit"], on: "token" })
    expect(stored).toMatchObject(Option.some({ scopes: ["treasure:read"], revision: 2 }))
  }),
)

it.effect("an expiry that someone else brought further forward meanwhile isn't postponed", () =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(
      (token) => token.shorten(Option.some(at(hour)), at(0), unattributed),
      (tokens, own) => tokens.edit({ ...own, expiresAt: new Date(hour + 1) }),
    )
    expect(outcome).toMatchObject({ _tag: "PolicyViolation", issues: [{ path: ["expiresAt"] }] })
    expect(stored).toMatchObject(Option.some({ expiresAt: Option.some(at(hour)), revision: 2 }))
  }),
)

it.effect.each<[what: string, attempt: Attempt]>([
  ["rename", (tokens, own) => tokens.edit({ ...own, name: "laptop" })],
  ["narrow", (tokens, own) => tokens.edit({ ...own, scopes: [] })],
  ["shorten", (tokens, own) => tokens.edit({ ...own, expiresIn: "1 minute" })],
  ["edit", (tokens, own) => tokens.edit({ ...own, name: "laptop", scopes: [] })],
])("%s doesn't revive a token revoked meanwhile", ([, attempt]) =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(revoked, attempt)
    expect(outcome).toMatchObject({ _tag: "TokenNotLive", state: "revoked" })
    expect(stored).toMatchObject(
      Option.some({ name: "CI", revision: 2, revocation: Option.some({ reason: "leaked" }) }),
    )
  }),
)

it.effect("of two revocations the first stays", () =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(revoked, (tokens, own) => tokens.revoke({ ...own, reason: "lost" }))
    expect(outcome).toMatchObject({ revision: 2, revocation: Option.some({ reason: "leaked" }) })
    expect(stored).toEqual(Option.some(outcome))
  }),
)

it.effect("a revocation undoes no concurrent change", () =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(
      (token) => token.rename(named("laptop"), at(0), unattributed),
      (tokens, own) => tokens.revoke({ ...own, reason: "lost" }),
    )
    expect(outcome).toMatchObject({ name: "laptop", revision: 3, revocation: Option.some({ reason: "lost" }) })
    expect(stored).toEqual(Option.some(outcome))
  }),
)

it.effect.each<[what: string, attempt: Attempt]>([
  ["renamed", (tokens, own) => tokens.edit({ ...own, name: "laptop" })],
  ["revoked", (tokens, own) => tokens.revoke(own)],
])("a token purged meanwhile isn't found by %s, and doesn't come back", ([, attempt]) =>
  Effect.gen(function* () {
    const { outcome, stored } = yield* after(revoked, attempt, (repository) => repository.purge(at(1)))
    expect(outcome).toMatchObject({ _tag: "TokenNotFound" })
    expect(stored).toEqual(Option.none())
  }),
)
