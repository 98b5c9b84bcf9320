/** The API's bodies, queries and responses. */
import { Instant, KeyBinding, Lifetime } from "@tokenry/core/adapter"
import * as Schema from "effect/Schema"

/** An RFC 3339 instant in a response: UTC, to the millisecond. */
const instant = Schema.String.annotate({ format: "date-time" })
const strings = Schema.Array(Schema.String)

const instantOrNever = Schema.NullOr(
  Schema.String.check(
    Schema.makeFilter(
      (text: string) =>
        Instant.parse(text) !== undefined ||
        "must be an RFC 3339 date and time with an offset, of a day that exists, or null",
      { toJsonSchema: () => ({ format: "date-time" }) },
    ),
  ),
)
const lifetime = Schema.String.check(
  Schema.makeFilter(
    (text: string) =>
      Lifetime.parse(text) !== undefined || 'must be a number of minutes, hours, days or weeks: "90 days"',
    { toJsonSchema: () => ({ pattern: String.raw`^(0|[1-9]\d{0,8}) (minute|hour|day|week)s?$` }) },
  ),
)
/** At most one of the two. */
const expiry = { expiresAt: Schema.optionalKey(instantOrNever), expiresIn: Schema.optionalKey(lifetime) }
const scopes = strings.check(Schema.isMaxLength(100))

/** An instant, a lifetime, or neither; never both. */
const oneExpiry = Schema.makeFilter(
  ({ expiresAt, expiresIn }: { readonly expiresAt?: string | null; readonly expiresIn?: string }) =>
    expiresAt === undefined ||
    expiresIn === undefined || { path: ["expiresIn"], issue: "must not be given together with expiresAt" },
  { toJsonSchema: () => ({ not: { required: ["expiresAt", "expiresIn"] } }) },
)

const boundTo = Schema.String.check(
  Schema.makeFilter(
    (text: string) =>
      KeyBinding.is(text) || 'must be the thumbprint of a JWK (43 base64url characters), or "first-key"',
    { toJsonSchema: () => ({ pattern: String.raw`^([\w-]{42}[AEIMQUYcgkosw048]|first-key)$` }) },
  ),
)
export const IssueBody = Schema.Struct({
  name: Schema.String,
  scopes,
  ...expiry,
  boundTo: Schema.optionalKey(boundTo),
}).check(oneExpiry)
export const EditBody = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  scopes: Schema.optionalKey(scopes),
  ...expiry,
}).check(oneExpiry)
export const RotateBody = Schema.Struct({ graceFor: Schema.optionalKey(lifetime), ...expiry }).check(oneExpiry)
export const EmptyBody = Schema.Record(Schema.String, Schema.Never.annotate({ expected: "left out" }))

const page = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
  cursor: Schema.optionalKey(Schema.String),
}
export const PageQuery = Schema.Struct(page)
export const TokensQuery = Schema.Struct({
  ...page,
  state: Schema.optionalKey(Schema.Literals(["live", "dead", "any"])),
})

const treasureName = Schema.String.check(
  Schema.makeFilter(
    (text: string) =>
      (text.trim() !== "" && text.length <= 200 && text.isWellFormed() && !/\p{Cc}/u.test(text)) ||
      "must be 1 to 200 characters of well-formed Unicode, without control characters",
    { toJsonSchema: () => ({ minLength: 1, maxLength: 200 }) },
  ),
)
const treasureValue = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000_000 }))
export const NewTreasure = Schema.Struct({ name: treasureName, value: treasureValue })
export const TreasureChange = Schema.Struct({
  name: Schema.optionalKey(treasureName),
  value: Schema.optionalKey(treasureValue),
})

export const Credentials = Schema.Struct({
  email: Schema.String.check(Schema.isMaxLength(320)),
  password: Schema.String.check(Schema.isMaxLength(1000)),
})
export const AccountChange = Schema.Struct({
  active: Schema.optionalKey(Schema.Boolean),
  scopes: Schema.optionalKey(scopes),
})

const side = Schema.Literals(["token", "ancestor", "owner"])

/** A token's effective state, given its own, its ancestors' and its owner's. */
const Effective = Schema.Struct({
  state: Schema.Literals(["live", "revoked", "expired", "owner-inactive", "damaged"]).annotate({
    description: "live: the token is accepted",
  }),
  on: side.annotate({ description: "Whose state this is" }),
  scopes: strings.annotate({ description: "The token's effective scopes, implied ones included" }),
  withheld: Schema.Array(Schema.Struct({ scope: Schema.String, on: side })).annotate({
    description: "Scopes the token has, but an ancestor or its owner lacks",
  }),
}).annotate({ identifier: "Effective" })

const tokenFields = {
  id: Schema.String,
  name: Schema.String,
  ownedBy: Schema.String,
  scopes: strings,
  undeclaredScopes: strings.annotate({
    description: "Scopes the service no longer declares, which grant nothing",
  }),
  createdAt: instant,
  expiresAt: Schema.NullOr(instant),
  revokedAt: Schema.NullOr(instant),
  revocationReason: Schema.NullOr(Schema.String),
  effective: Schema.NullOr(Effective).annotate({
    description: "null if it was not looked up, for example in a response with a plaintext",
  }),
  lastUsedAt: Schema.NullOr(instant),
  issuedTo: Schema.NullOr(Schema.String),
  boundTo: Schema.NullOr(Schema.String).annotate({
    description:
      "The thumbprint of the key that clients must prove they hold (DPoP); first-key until the first use binds one",
  }),
  ancestors: strings,
  secrets: Schema.Array(
    Schema.Struct({
      generation: Schema.Int,
      hint: Schema.String,
      state: Schema.Literals(["active", "retiring", "retired"]),
      graceEnds: Schema.NullOr(instant),
    }),
  ),
  revision: Schema.Int,
  hint: Schema.String.annotate({
    description: "The prefix and the last four characters of the newest plaintext: tcp_…7T0m",
  }),
}
export const Token = Schema.Struct(tokenFields).annotate({ identifier: "Token" })

const Usage = Schema.Struct({
  lastUsedAt: Schema.NullOr(instant),
  count: Schema.Int,
  since: instant,
  scopes: Schema.Array(Schema.Struct({ scope: Schema.String, lastUsedAt: instant })),
  unusedScopes: strings,
  narrowableTo: strings,
  secrets: Schema.Array(
    Schema.Struct({
      generation: Schema.Int,
      count: Schema.Int,
      lastUsedAt: Schema.NullOr(instant),
      reuses: Schema.Int,
      lastReusedAt: Schema.NullOr(instant),
    }),
  ),
}).annotate({ identifier: "Usage" })

const Change = Schema.Struct({
  kind: Schema.String,
  at: instant,
  actor: Schema.Struct({ kind: Schema.String, id: Schema.optionalKey(Schema.String) }),
  origin: Schema.Struct({ address: Schema.optionalKey(Schema.String), userAgent: Schema.optionalKey(Schema.String) }),
  detail: Schema.NullOr(Schema.String),
}).annotate({ identifier: "Change" })

export const TokenInFull = Schema.Struct({
  ...tokenFields,
  history: Schema.Array(Change),
  usage: Schema.NullOr(Usage),
}).annotate({ identifier: "TokenInFull" })

/** The only response with a plaintext. */
export const IssuedToken = Schema.Struct({ plaintext: Schema.String, token: Token }).annotate({
  identifier: "IssuedToken",
})

export const Treasure = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  value: Schema.Finite,
  createdAt: instant,
}).annotate({ identifier: "Treasure" })

export const Account = Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  isAdmin: Schema.Boolean,
  active: Schema.Boolean,
  scopes: strings,
}).annotate({ identifier: "Account" })

export const Me = Schema.Struct({
  owner: Schema.Struct({ id: Schema.String, email: Schema.optionalKey(Schema.String) }),
  via: Schema.Literals(["session", "token"]),
  scopes: strings,
  token: Schema.optionalKey(
    Schema.Struct({ id: Schema.String, generation: Schema.Int, expiresAt: Schema.NullOr(instant) }),
  ),
}).annotate({ identifier: "Me" })

/** RFC 7662 §2.1 and RFC 7009 §2.1; other fields are ignored. */
export const TokenForm = Schema.Struct({ token: Schema.String, token_type_hint: Schema.optionalKey(Schema.String) })

/** RFC 7662 §2.2. */
export const Introspection = Schema.Struct({
  active: Schema.Boolean,
  scope: Schema.optionalKey(Schema.String),
  client_id: Schema.optionalKey(Schema.String),
  token_type: Schema.optionalKey(Schema.String),
  cnf: Schema.optionalKey(Schema.Struct({ jkt: Schema.String })),
  exp: Schema.optionalKey(Schema.Int),
  iat: Schema.optionalKey(Schema.Int),
  sub: Schema.optionalKey(Schema.String),
  jti: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "Introspection" })

/** RFC 6749 §5.2. */
export const OAuthError = Schema.Struct({
  error: Schema.String,
  error_description: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "OAuthError" })

/** RFC 9728 §2. */
export const ProtectedResource = Schema.Struct({
  resource: Schema.String,
  authorization_servers: strings,
  scopes_supported: strings,
  bearer_methods_supported: strings,
  dpop_signing_alg_values_supported: strings,
  resource_name: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "ProtectedResource" })

export const Status = Schema.Struct({ status: Schema.String })

/** A page of a list; `nextCursor` is `null` on the last one. */
export const pageOf = <Item extends Schema.Top & { readonly DecodingServices: never }>(item: Item) =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) })
