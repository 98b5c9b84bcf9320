/** Every way in by which a token gets an expiry or a name obeys the policy: a new one is made to stand in this table. */
import { describe, expect, it } from "@effect/vitest"
import { type ActingCaller, ApiTokens, OwnerDirectory, TokenPolicy } from "@tokenry/core"
import { Duration, Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { at, day } from "./builders.ts"
import { callerWith, issue, outcomeOf, world } from "./world.ts"

/** What a way in may be asked for. */
interface Ask {
  readonly expiresIn?: string
  readonly expiresAt?: string | null
}

type Service = ApiTokens["Service"]

interface Start {
  /** A token of `user-1` for 10 days, by means of which it is done, if it is. */
  readonly id: string
  readonly caller: ActingCaller
}

const ownedBy = "user-1"
const fresh = { ownedBy, name: "CI", scopes: ["treasure:read"] }

/** By session and by token: all of the use cases that give a token an expiry, or a secret that lives until one. */
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

/** What gives a token neither an expiry nor a secret. */
const others: ReadonlyArray<keyof Service> = [
  "verify",
  "authorize",
  "inspect",
  "find",
  "list",
  "usageOf",
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

it.effect("every use case is a way in, or is known to be none", () =>
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

it.effect("what a way in keeps it can't keep beyond a policy that has become stricter", () =>
  Effect.gen(function* () {
    const lax = world({ policy: TokenPolicy.make({ allowsNeverExpiring: true }) })
    const { token } = yield* Effect.provide(issue({ expiresIn: "300 days" }), lax)
    const rotate = ApiTokens.use((tokens) => outcomeOf(tokens.rotate({ id: token.id, ownedBy })))
    expect(yield* Effect.provide(rotate, strict)).toBe("PolicyViolation")
    yield* TestClock.adjust("290 days")
    expect(yield* Effect.provide(rotate, strict)).toBe("done")
  }).pipe(Effect.provide(strict)),
)
