/** The calls of the model-based law, as plain values: each refers to tokens, digests and owners by small numbers. */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const id = upTo(5)
const owner = upTo(1)
const digest = upTo(6)
const instant = upTo(8)
const absentOr = <S extends Schema.Top>(schema: S) => Schema.NullOr(schema)

const fields = {
  id,
  owner,
  digests: Schema.NonEmptyArray(digest).check(Schema.isMaxLength(3)),
  createdAt: upTo(2),
  expiresAt: absentOr(instant),
  mintedBy: absentOr(id),
  issuedTo: absentOr(owner),
}

export const Command = Schema.Union([
  Schema.Struct({ insert: Schema.Struct(fields) }),
  Schema.Struct({ replace: Schema.Struct({ ...fields, behind: upTo(1) }) }),
  Schema.Struct({ revokeOwnedBy: owner, at: instant }),
  Schema.Struct({ revokeIssuedTo: owner, ownedBy: absentOr(owner), at: instant }),
  Schema.Struct({ purge: instant }),
  Schema.Struct({
    list: owner,
    state: Schema.Literals(["live", "dead", "any"]),
    now: instant,
    after: absentOr(Schema.Struct({ createdAt: upTo(2), id })),
    lineageOf: absentOr(id),
    limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
  }),
  Schema.Struct({ find: digest }),
  Schema.Struct({ markDelivered: id, behind: upTo(1) }),
])
export type Command = typeof Command.Type
export type DescribedToken = Extract<Command, { readonly insert: unknown }>["insert"]

/** A sequence of calls, each made here or there. */
export const commands = Arbitrary.array(
  Arbitrary.all({ command: Arbitrary.schema(Command), there: Arbitrary.schema(Schema.Boolean) }),
  { maxLength: 30 },
)
