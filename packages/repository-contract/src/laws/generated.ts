/** The oddest possible tokens, made from plain values that can be shrunk and printed. */
import type { Actor } from "@tokenry/core"
import { Change, type KeyBinding, type KeyId, type OwnerId, type Secret } from "@tokenry/core/adapter"
import * as Arbitrary from "effect/Arbitrary"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { anId, aSecret, at, aToken, named, retired, retiring, scopes } from "../tokens.ts"

/** Texts that break escaping, normalising, trimming, case folding and counting. */
const pieces = [
  ..."aZ0 ._-$%?*'\"`\\{}[]<>&;:,/|",
  ..."éßİıΣς\u00a0\u200d\u200f\u202e\ufeff\ufffd",
  "e\u0301",
  "日本",
  "👩\u200d💻",
  "🏴\u200d☠️",
  "\u{10ffff}",
  "__proto__",
  "constructor",
  "$where",
  "null",
  "\\u0041",
] as const

/** One begins like an option, and one looks like part of a query. */
const thumbprints = [
  `--${"_".repeat(38)}00A`,
  `0x${"0".repeat(40)}A`,
  "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
] as const

const below = (maximum: number) => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))
const piece = Arbitrary.schema(Schema.Literals(pieces))
const text = Arbitrary.map(Arbitrary.array(piece, { minLength: 1, maxLength: 20 }), (parts) => parts.join(""))
const milliseconds = Arbitrary.schema(
  Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: -2_000_000_000_000, maximum: 250_000_000_000_000 })),
    Schema.Literals([-1, 0, 1, -1_700_000_000_000, -1_700_000_000_001]),
  ]),
)
const scope = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.schema(Schema.Literals([..."aZ09!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "treasure:", "__proto__"])),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
  (parts) => parts.join(""),
)
const optional = <A>(value: Arbitrary.Arbitrary<A>) => Arbitrary.array(value, { maxLength: 1 })
const keyIds = Arbitrary.array(text, { maxLength: 2 })

const history = Arbitrary.array(
  Arbitrary.all({
    kind: Arbitrary.schema(
      Schema.Literals(["issued", "renamed", "narrowed", "shortened", "rotated", "bound", "grace-ended", "revoked"]),
    ),
    at: milliseconds,
    actor: Arbitrary.schema(Schema.Literals(["person", "token", "sweep", "system"])),
    actorId: text,
    address: optional(text),
    userAgent: optional(text),
    detail: optional(text),
  }),
  { maxLength: Change.remembered },
)

export const oddTokens = Arbitrary.all({
  ownedBy: text,
  name: text,
  scopes: Arbitrary.array(scope, { maxLength: 8 }),
  createdAt: milliseconds,
  expiresAt: optional(milliseconds),
  revocation: optional(Arbitrary.all({ at: milliseconds, reason: text })),
  issuedTo: optional(text),
  boundTo: optional(Arbitrary.schema(Schema.Literals(["first-key", ...thumbprints]))),
  ancestors: below(8),
  retiring: below(2),
  retired: below(5),
  keyIds,
  history,
  undelivered: below(1000),
  revision: Arbitrary.map(below(1000), (revision) => revision + 1),
})

type Described<A> = A extends Arbitrary.Arbitrary<infer B> ? B : never

/** The described token, with a unique id and digests. An owner has no blank at either end. */
export const oddToken = (described: Described<typeof oddTokens>) =>
  aToken({
    ownedBy: `o${described.ownedBy}o` as OwnerId,
    name: named(described.name),
    scopes: scopes(...described.scopes),
    createdAt: at(described.createdAt),
    expiresAt: Option.map(firstOf(described.expiresAt), at),
    revocation: Option.map(firstOf(described.revocation), (revoked) => ({
      at: at(revoked.at),
      reason: revoked.reason,
    })),
    issuedTo: firstOf(described.issuedTo),
    boundTo: firstOf(described.boundTo) as Option.Option<KeyBinding>,
    ancestors: Array.from({ length: described.ancestors }, () => anId()),
    secrets: secretsOf(described),
    history: described.history.map(({ kind, at: when, actor, actorId, address, userAgent, detail }) => ({
      kind,
      at: at(when),
      actor: (actor === "system" ? { kind: actor } : { kind: actor, id: actorId }) as Actor,
      origin: {
        ...(address[0] === undefined ? {} : { address: address[0] }),
        ...(userAgent[0] === undefined ? {} : { userAgent: userAgent[0] }),
      },
      detail: firstOf(detail),
    })),
    undelivered: described.undelivered,
    revision: described.revision,
  })

/** One active secret, then retiring and retired ones, cycling through the key ids. */
export const secretsOf = (described: {
  readonly retiring: number
  readonly retired: number
  readonly keyIds: ReadonlyArray<string>
}): readonly [Secret, ...ReadonlyArray<Secret>] => {
  const others = described.retiring + described.retired
  const keyIdOf = (index: number) =>
    Option.map(Option.fromUndefinedOr(described.keyIds[index % 3]), (keyId) => keyId as KeyId)
  return [
    aSecret({ generation: others + 1, keyId: keyIdOf(0) }),
    ...Array.from({ length: others }, (_, index) =>
      aSecret({
        generation: others - index,
        keyId: keyIdOf(index + 1),
        state: index < described.retiring ? retiring(at(100 - index)) : retired(at(-index)),
      }),
    ),
  ]
}

const firstOf = <A>(values: ReadonlyArray<A>): Option.Option<A> => Option.fromUndefinedOr(values[0])
