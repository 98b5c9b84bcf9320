/** What can happen to an owner's tokens, as plain values that can be shrunk and printed. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** Every scope, with all the scopes it grants. */
export const grants: Readonly<Record<string, ReadonlyArray<string>>> = {
  read: ["read"],
  edit: ["edit", "read"],
  own: ["own", "edit", "read"],
  audit: ["audit", "read"],
  pay: ["pay"],
}

/** The tokens' policy, in milliseconds. It allows tokens that never expire. */
export const policy = {
  defaultLifetime: 86_400_000,
  longestLifetime: 172_800_000,
  defaultGrace: 3_600_000,
  longestGrace: 172_800_000,
}

/** Lifetimes and grace periods in milliseconds, by the text that requests them. The last one exceeds the policy. */
export const lifetimes = {
  "0 minutes": 0,
  "1 minute": 60_000,
  "1 hour": 3_600_000,
  "1 day": 86_400_000,
  "2 weeks": 1_209_600_000,
} as const

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const words = ["0 minutes", "1 minute", "1 hour", "1 day", "2 weeks"] as const
const scopes = Schema.Array(Schema.Literals(["read", "edit", "own", "audit", "pay"])).check(Schema.isMaxLength(5))

const AnyToken = Schema.Struct({ any: upTo(9) })
const LiveToken = Schema.Struct({ live: upTo(2) })
const LatestToken = Schema.Struct({ latest: upTo(1) })

/**
 * A token by number: among all tokens, oldest first, or among acceptable ones, oldest or latest first. Every number
 * refers to some token.
 */
const token = Schema.Union([AnyToken, LiveToken, LiveToken, LatestToken])

/** The calling token, and which of its secrets it presents: the newest, or one of the two before it. */
const Acting = Schema.Struct({
  token,
  secretsBack: Schema.Union([
    Schema.Literal(0),
    Schema.Literal(0),
    Schema.Literal(0),
    Schema.Literal(1),
    Schema.Literal(2),
  ]),
})

/** In a session, or with a token: then `token` counts the tokens that one reaches, plus one it doesn't reach. */
const by = Schema.NullOr(Acting)

/** `latest` is the latest possible instant, `later` is one millisecond more. */
const instant = Schema.Literals(["latest", "later", "never", ...words])
const expiry = Schema.Union([Schema.Literal("default"), instant])
const grace = Schema.Literals(["default", ...words])

const usuallyOnce = (atMost: number) =>
  Schema.Union([
    Schema.Literal(1),
    Schema.Literal(1),
    Schema.Literal(1),
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: atMost })),
  ])

/** Several rotations in a row, at one instant and with one secret, as if the responses were lost. */
const rotation = { grace, expiry, times: usuallyOnce(4) }

/**
 * Requests these scopes, or all but these, out of every scope, the calling token's scopes, or the scopes it can grant.
 */
const asked = {
  scopes,
  allBut: Schema.Boolean,
  within: Schema.Literals(["all", "own", "givable"]),
}

const steps = {
  issue: Schema.Struct({ issue: Schema.Struct({ ...asked, expiry }) }),
  /** With more than one generation, each token is minted with the previous one. */
  mint: Schema.Struct({ mint: Schema.Struct({ by: Acting, ...asked, expiry, generations: usuallyOnce(9) }) }),
  narrow: Schema.Struct({ narrow: Schema.Struct({ token, by, ...asked }) }),
  shorten: Schema.Struct({ shorten: Schema.Struct({ token, by, expiry: instant }) }),
  rotate: Schema.Struct({ rotate: Schema.Struct({ token, by, ...rotation }) }),
  rotateItself: Schema.Struct({ rotateItself: Schema.Struct({ by: Acting, ...rotation }) }),
  endGrace: Schema.Struct({ endGrace: Schema.Struct({ token, by }) }),
  revoke: Schema.Struct({ revoke: Schema.Struct({ token, by }) }),
  /** In milliseconds. */
  wait: Schema.Struct({ wait: Schema.Literals([1, 60_000, 299_999, 300_000, 3_600_000]) }),
  /** Waits until an instant at which something ends, soonest first, or a millisecond before or after it. */
  waitForEnd: Schema.Struct({ waitForEnd: upTo(2), offset: Schema.Literals([-1, 0, 1]) }),
  deactivated: Schema.Struct({ owner: Schema.Literal("deactivated") }),
  reactivated: Schema.Struct({ owner: Schema.Literal("reactivated") }),
  ownerHoldsAll: Schema.Struct({ ownerHolds: Schema.Literal("all") }),
  ownerHolds: Schema.Struct({ ownerHolds: scopes }),
}

/** Repeated entries happen more often. */
export const LifecycleStep = Schema.Union([
  steps.issue,
  steps.issue,
  steps.mint,
  steps.mint,
  steps.mint,
  steps.narrow,
  steps.narrow,
  steps.shorten,
  steps.rotate,
  steps.rotate,
  steps.rotateItself,
  steps.rotateItself,
  steps.rotateItself,
  steps.endGrace,
  steps.revoke,
  steps.wait,
  steps.waitForEnd,
  steps.waitForEnd,
  steps.deactivated,
  steps.reactivated,
  steps.reactivated,
  steps.ownerHoldsAll,
  steps.ownerHolds,
])
export type LifecycleStep = typeof LifecycleStep.Type
export type TokenNumber = typeof token.Type
export type Acting = typeof Acting.Type
export type Expiry = typeof expiry.Type
export type AskedMint = Extract<LifecycleStep, { readonly mint: unknown }>["mint"]
export type AskedRotation = Extract<LifecycleStep, { readonly rotateItself: unknown }>["rotateItself"]

/** A sequence of steps. After each one, every plaintext is verified, also with the scopes it names. */
export const lives = (maxLength: number) =>
  Arbitrary.array(Arbitrary.all({ step: Arbitrary.schema(LifecycleStep), requiring: Arbitrary.schema(scopes) }), {
    maxLength,
  })
