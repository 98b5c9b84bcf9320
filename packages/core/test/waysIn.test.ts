/** Every use case that gives a token an expiry or a name obeys the policy. A new one must be added to this table. */
import { describe, expect, it } from "@effect/vitest"
import { type ActingCaller, ApiTokens, OwnerDirectory, TokenFormat, TokenPolicy } from "@tokenry/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { at, day } from "./builders.ts"
import { callerWith, issue, outcomeOf, world } from "./world.ts"

/** What a use case may be asked for. */
interface Ask {
  readonly expiresIn?: string
  readonly expiresAt?: string | null
}

type Service = ApiTokens["Service"]

interface Start {
  /** A token of `user-1` for 10 days, and its caller if the token acts itself. */
  readonly id: string
  readonly caller: ActingCaller
}

const ownedBy = "user-1"
const fresh = { ownedBy, name: "CI", scopes: ["treasure:read"] }

/** All use cases that set a token's expiry or add a secret, each by session and by token. */
const waysIn = {
  issue: (tokens: Service, ask: Ask) => tokens.issue({ ...fresh, ...ask }),
  mint: (tokens: Service, ask: Ask, { caller }: Start) => tokens.issue({ ...fresh, ...ask, caller }),
  "rotate and renew": (tokens: Service, ask: Ask, { id }: Start) => tokens.rotate({ id, ownedBy, ...ask }),
  "rotate itself": (tokens: Service, ask: Ask, { id, caller }: Start) => tokens.rotate({ id, ownedBy, caller, ...ask }),
  "rotate what it minted": (tokens: Service, ask: Ask, { caller }: Start) =>
    Effect.flatMap(tokens.issue({ ...fresh, caller }), ({ token: { id } }) =>
      tokens.rotate({ id, ownedBy, caller, ...ask }),
    ),
  edit: (tokens: Service, ask: Ask, { id }: Start) =>
    Effect.map(tokens.edit({ id, ownedBy, ...ask }), (token) => ({ token })),
} as const

/** Use cases that give a token neither an expiry nor a secret. */
const others: ReadonlyArray<keyof Service> = [
  "verify",
  "authorize",
  "inspect",
  "find",
  "list",
  "usageOf",
  "effectiveStatesOf",
  "endGrace",
  "revoke",
  "revokeOwnedBy",
  "revokeIssuedTo",
  "revokeAllIssuedTo",
  "purge",
  "revokeUnused",
  "expiringWithin",
  "catalogue",
  "ownerChanged",
  "flush",
]

const policy = TokenPolicy.make({ defaultLifetime: Duration.days(5), longestLifetime: Duration.days(10) })
const strict = world(
  { policy },
  OwnerDirectory.layerFrom(() => ({ active: true, scopes: ["treasure:read"] })),
)

it.effect("every use case is listed, or known to be exempt", () =>
  Effect.gen(function* () {
    const known = [...others, "issue", "rotate", "edit"]
    expect(new Set(Object.keys(yield* ApiTokens))).toEqual(new Set(known))
  }).pipe(Effect.provide(strict)),
)

describe.each(Object.entries(waysIn))("%s", (_, enter) => {
  const entering = (ask: Ask) =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue({ expiresIn: "10 days" })
      const start = { id: token.id, caller: yield* callerWith(plaintext) }
      return yield* enter(tokens, ask, start)
    }).pipe(Effect.provide(strict))

  it.effect.each<Ask>([
    { expiresIn: "11 days" },
    { expiresAt: "1970-01-11T00:00:00.001Z" },
    { expiresAt: null },
    { expiresAt: "9999-12-31T23:59:59Z" },
    { expiresAt: "1970-01-01T00:00:00Z" },
    { expiresIn: "0 minutes" },
  ])("refuses what the policy forbids: %o", (ask) =>
    Effect.gen(function* () {
      expect(yield* outcomeOf(entering(ask))).toBe("PolicyViolation")
    }),
  )

  it.effect("gives what the policy allows", () =>
    Effect.gen(function* () {
      const { token } = yield* entering({ expiresIn: "10 days" })
      expect(token.expiresAt).toEqual(Option.some(at(10 * day)))
    }),
  )
})

it.effect(
  "after the policy is tightened a rotation succeeds, and keeps the expiry no longer than the policy allows now",
  () =>
    Effect.gen(function* () {
      const lax = world({ policy: TokenPolicy.make({ allowsNeverExpiring: true }) })
      const expiryAfterRotating = (ask: Ask) =>
        Effect.gen(function* () {
          const { plaintext, token } = yield* Effect.provide(issue(ask), lax)
          const rotated = yield* ApiTokens.use((tokens) =>
            Effect.flatMap(tokens.verify(plaintext), (caller) => tokens.rotate({ id: token.id, ownedBy, caller })),
          )
          return rotated.token.expiresAt
        })
      expect(yield* expiryAfterRotating({ expiresIn: "300 days" })).toEqual(Option.some(at(10 * day)))
      expect(yield* expiryAfterRotating({ expiresAt: null })).toEqual(Option.some(at(10 * day)))
      expect(yield* expiryAfterRotating({ expiresIn: "3 days" })).toEqual(Option.some(at(3 * day)))
      expect(yield* Effect.provide(expiryAfterRotating({ expiresAt: null }), lax)).toEqual(Option.none())
    }).pipe(Effect.provide(strict)),
)

it.effect("after the policy is tightened the rest of a token can still be edited", () =>
  Effect.gen(function* () {
    const { plaintext } = yield* Effect.provide(issue(), world({ format: TokenFormat.hex({ prefix: "old" }) }))
    const { token } = yield* Effect.provide(issue({ name: plaintext, expiresIn: "300 days" }), world())
    const alsoAccept = [TokenFormat.hex({ prefix: "old" })]
    const edit = (request: object) =>
      ApiTokens.use((tokens) => outcomeOf(tokens.edit({ id: token.id, ownedBy, ...request })))
    expect(yield* Effect.provide(edit({ scopes: [] }), world({ policy, alsoAccept }))).toBe("done")
    expect(yield* Effect.provide(edit({ name: `${plaintext}!` }), world({ policy, alsoAccept }))).toBe(
      "PolicyViolation",
    )
  }).pipe(Effect.provide(strict)),
)
