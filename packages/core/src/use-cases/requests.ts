/**
 * The requests of the use cases: their shapes, checked once at the edge. `Schema` doubles what the core costs to import,
 * so `parsing.ts` loads this module with the first request.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type InputIssue, InvalidInput } from "../errors.ts"
import { isAtHand } from "../ports/atHand.ts"
import { ListCursor } from "./ListCursor.ts"
import { Instant } from "../token/Instant.ts"
import { KeyBinding } from "../token/KeyBinding.ts"
import { OwnerId } from "../token/OwnerId.ts"
import { isObject } from "../token/OptionRules.ts"
import { flawOfText } from "../token/Text.ts"
import { TokenId } from "../token/TokenId.ts"
import { TokenPolicy } from "../token/TokenPolicy.ts"
import { type ActingCaller, durationOf, isActingCaller } from "./requestParts.ts"

const text = (maxLength: number) =>
  Schema.String.check(Schema.makeFilter((value: string) => flawOfText(value, maxLength)))

/** Client-supplied and kept unchanged, but short and safe for every store. */
const clientText = Schema.String.check(
  Schema.isMaxLength(1000),
  Schema.makeFilter((value: string) => value.isWellFormed() || "must be well-formed Unicode"),
  Schema.makeFilter((value: string) => !value.includes("\0") || "must not contain NUL"),
)

const AttributionInput = Schema.Struct({
  actor: Schema.Union([
    Schema.Struct({ kind: Schema.Literals(["person", "token", "sweep"]), id: text(255) }),
    Schema.Struct({ kind: Schema.Literal("system") }),
  ]),
  origin: Schema.Struct({
    address: Schema.optionalKey(clientText),
    userAgent: Schema.optionalKey(clientText),
  }),
})

const ownedBy = Schema.String.check(Schema.makeFilter((value: string) => OwnerId.flawOf(value)))

const instantOrNever = Schema.declare(
  (value): value is string | Date | null =>
    value === null ||
    (typeof value === "string" && Instant.parse(value) !== undefined) ||
    (value instanceof Date && !Number.isNaN(value.getTime())),
  { expected: "an RFC 3339 date and time with an offset, of a day that exists, or null" },
)

const lifetime = Schema.declare((value): value is string | Duration.Duration => durationOf(value) !== undefined, {
  expected: 'a whole number of minutes, hours, days or weeks, as in "90 days"',
})

/** Limited to the longest lifetime any policy allows. */
const period = lifetime.check(
  Schema.makeFilter(
    (value: string | Duration.Duration) =>
      !Duration.isGreaterThan(durationOf(value) ?? Duration.zero, TokenPolicy.longestOfAll) ||
      "must be at most 100 years",
  ),
)

const expiry = {
  /** RFC 3339 with an offset, or a `Date`; `null` for never. Not together with `expiresIn`. */
  expiresAt: Schema.optional(instantOrNever),
  /** `90 days`: N `minutes`, `hours`, `days` or `weeks`. Not together with `expiresAt`. */
  expiresIn: Schema.optional(lifetime),
}

const scopes = Schema.Array(Schema.String).check(Schema.isMaxLength(1000))

/** Who makes the change, and from where. Default: the application itself. */
const by = Schema.optional(AttributionInput)

/**
 * Whose authority a request uses: exactly one of the two, and never by default.
 *
 * - `ownedBy` alone: the owner's, as for a signed-in person. It covers all of the owner's tokens.
 * - `caller`: a token's, as returned by `verify`. It covers that token and the tokens minted with it, needs the token's
 *   active secret for any change, and can't grant more than the token has. `ownedBy` must then be the caller's, or be
 *   left out.
 */
export type Acting =
  | { readonly ownedBy: string; readonly caller?: never }
  | { readonly caller: ActingCaller; readonly ownedBy?: string }

/**
 * Optional, but never `undefined`: losing the caller on the way here is an error, and must not grant the owner's full
 * authority.
 */
const caller = Schema.optionalKey(
  Schema.declare((value): value is ActingCaller => isActingCaller(value), {
    expected: "a caller that verify returned; leave the field out to act as the owner",
  }),
)

const onSomeAuthority = Schema.makeFilter(
  ({ ownedBy, caller }: { readonly ownedBy?: string; readonly caller?: ActingCaller }) => {
    if (caller === undefined) return ownedBy !== undefined || { path: ["ownedBy"], issue: "is missing" }
    return ownedBy === undefined || caller.ownedBy === ownedBy || { path: ["ownedBy"], issue: "must be the caller's" }
  },
)

/** Both variants of `Acting` in one shape, as a schema needs it. */
const acting = { ownedBy: Schema.optionalKey(ownedBy), caller }

/** A request's own fields, plus its authority. */
type On<Fields extends { readonly ownedBy?: unknown }> = Omit<Fields, "ownedBy" | "caller"> & Acting

const ofTokenAsSeen = {
  id: Schema.String,
  ...acting,
  by,
  /**
   * The `revision` the token must still have when the change is written, so nobody overwrites what they haven't seen.
   * Otherwise fails with `RevisionMismatch`. A list allows any of its revisions; an empty list allows none.
   */
  expectedRevision: Schema.optional(Schema.Union([Schema.Int, Schema.Array(Schema.Int)])),
}

export const IssueRequest = Schema.Struct({
  /** 1 to 100 characters that help a person recognise the token. */
  name: Schema.String,
  /** Declared scopes. Empty: the token only proves identity. */
  scopes,
  ...expiry,
  /** The third party that receives the token: an app, an integration. 1 to 255 characters. */
  issuedTo: Schema.optional(text(255)),
  boundTo: Schema.optional(
    Schema.declare((value): value is KeyBinding => KeyBinding.is(value), {
      expected: 'the thumbprint of a JWK (43 base64url characters), or "first-key"',
    }),
  ),
  by,
  ...acting,
}).check(onSomeAuthority)
export type IssueRequest<S extends string = string> = Omit<On<typeof IssueRequest.Type>, "scopes" | "boundTo"> &
  Acting & {
    /**
     * The key that clients must prove they hold (RFC 9449): its JWK thumbprint (RFC 7638), or `first-key` for the key of
     * the first client that uses the token. Default: none, or the key of the minting token.
     */
    readonly boundTo?: string | undefined
    /** Declared scopes. Empty: the token only proves identity. */
    readonly scopes: ReadonlyArray<S>
  }

export const FindRequest = Schema.Struct({ id: Schema.String, ...acting }).check(onSomeAuthority)
export type FindRequest = On<typeof FindRequest.Type>

export const ListRequest = Schema.Struct({
  ...acting,
  /** `live`, `dead` (revoked or expired) or `any`. Default: `any`. */
  state: Schema.optional(Schema.Literals(["live", "dead", "any"])),
  /** 1 to 100. Default: 20. */
  limit: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
  /** The previous page's `nextCursor`. */
  cursor: Schema.optional(
    Schema.String.check(
      Schema.makeFilter(
        (value: string) =>
          ListCursor.decode(value, TokenId.is) !== undefined || "must be the nextCursor of a previous page",
      ),
    ),
  ),
}).check(onSomeAuthority)
export type ListRequest = On<typeof ListRequest.Type>

export const EditRequest = Schema.Struct({
  ...ofTokenAsSeen,
  name: Schema.optional(Schema.String),
  scopes: Schema.optional(scopes),
  ...expiry,
}).check(onSomeAuthority)
export type EditRequest<S extends string = string> = Omit<On<typeof EditRequest.Type>, "scopes"> &
  Acting & {
    /** The scopes it keeps. A scope may be replaced by scopes it implies. */
    readonly scopes?: ReadonlyArray<S> | undefined
  }

export const RotateRequest = Schema.Struct({
  ...ofTokenAsSeen,
  /** How long the replaced secret stays valid. Default: the policy's grace period. `0 minutes`: not at all. */
  graceFor: Schema.optional(lifetime),
  /** Either one renews the token, to an expiry within the policy. Default: the token keeps its expiry. */
  ...expiry,
}).check(onSomeAuthority)
export type RotateRequest = On<typeof RotateRequest.Type>

export const EndGraceRequest = Schema.Struct(ofTokenAsSeen).check(onSomeAuthority)
export type EndGraceRequest = On<typeof EndGraceRequest.Type>

const reason = Schema.optional(text(255))

export const RevokeRequest = Schema.Struct({
  ...ofTokenAsSeen,
  /** The reason, for people to read. */
  reason,
}).check(onSomeAuthority)
export type RevokeRequest = On<typeof RevokeRequest.Type>

export const RevokeOwnedByRequest = Schema.Struct({ ownedBy, reason, by })
export type RevokeOwnedByRequest = typeof RevokeOwnedByRequest.Type

/** The third party, exactly as given at issue. */
const issuedTo = text(255)

export const RevokeIssuedToRequest = Schema.Struct({ issuedTo, ownedBy, reason, by })
export type RevokeIssuedToRequest = typeof RevokeIssuedToRequest.Type

export const RevokeAllIssuedToRequest = Schema.Struct({ issuedTo, reason, by })
export type RevokeAllIssuedToRequest = typeof RevokeAllIssuedToRequest.Type

export const PurgeRequest = Schema.Struct({
  /** How long a token must have been dead. `0 minutes`: every dead token. */
  deadFor: period,
})
export type PurgeRequest = typeof PurgeRequest.Type

export const RevokeUnusedRequest = Schema.Struct({
  /** How long a token, and everything minted with it, must have been unused. Default: the policy's `longestUnused`. */
  unusedFor: Schema.optional(
    period.check(
      Schema.makeFilter(
        (value: string | Duration.Duration) =>
          Duration.isGreaterThan(durationOf(value) ?? Duration.zero, Duration.zero) || "must be longer than zero",
      ),
    ),
  ),
})
export type RevokeUnusedRequest = typeof RevokeUnusedRequest.Type

export const ExpiringRequest = Schema.Struct({
  /** From now on. */
  within: period,
})
export type ExpiringRequest = typeof ExpiringRequest.Type

/**
 * The request if it has the schema's shape and no unknown fields, otherwise every problem at once. Looks for every
 * problem only if there is one: a small valid request takes half the time, an invalid one nearly twice as long.
 */
export const parseRequest = <S extends Schema.Top & { readonly DecodingServices: never }>(
  schema: S,
  request: unknown,
): Effect.Effect<S["Type"], InvalidInput> => {
  const decode = decoderOf(schema)
  const quickly = decode(request)
  if (isAtHand(quickly) && isWhole(request, quickly.value)) return Effect.succeed(quickly.value)
  return Effect.mapError(
    decode(request, { errors: "all", onExcessProperty: "error" }),
    (error) => new InvalidInput({ issues: issuesOf(error) }),
  )
}

/** Whether decoding left out nothing. */
const isWhole = (request: unknown, decoded: unknown): boolean => {
  if (request === decoded) return true
  if (!isObject(request) || !isObject(decoded)) return false
  if (Array.isArray(request)) return request.every((item, index) => isWhole(item, decoded[index]))
  if (Object.getOwnPropertySymbols(request).length > 0) return false
  for (const name of Object.keys(request)) {
    if (!Object.hasOwn(decoded, name) || !isWhole(request[name], decoded[name])) return false
  }
  return true
}

/** Making a decoder costs as much as decoding a small request, so each schema's is made once. */
const decoderOf = <S extends Schema.Top & { readonly DecodingServices: never }>(schema: S) => {
  const known = decoders.get(schema)
  if (known !== undefined) return known as ReturnType<typeof Schema.decodeUnknownEffect<S>>
  const decoder = Schema.decodeUnknownEffect(schema)
  decoders.set(schema, decoder)
  return decoder
}

const decoders = new WeakMap<Schema.Top, unknown>()

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const issuesOf = (error: Schema.SchemaError): ReadonlyArray<InputIssue> =>
  format(error.issue).issues.map(({ path = [], message }) => ({
    path: path.map((segment) => nameOf(typeof segment === "object" ? segment.key : segment)),
    message: message
      .replace(/ \| undefined$/, "")
      .replace(/^Missing key$/, "is missing")
      .replace(/^Expected no excess property$/, "is not a known field")
      .replace(/^Expected (?=(string|number|boolean)$)/, "must be a ")
      .replace(/^Expected (?=(array|object)$)/, "must be an ")
      .replace(/^Expected /, "must be "),
  }))

/** A field's name for an error. Truncated, since a long one may be a plaintext token in the wrong place. */
const nameOf = (key: PropertyKey): string => (String(key).length > 40 ? "…" : String(key))
