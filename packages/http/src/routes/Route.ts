/** A route of an API declared as one value, from which its guard, its input checks and its description are derived. */
import type * as Schema from "effect/Schema"
import type { ProblemSlug } from "../problems/problemTypes.ts"

/** A schema that decodes without services, for a query, a body or a response. */
export type Shape = Schema.Top & { readonly DecodingServices: never }

export interface Route<Query extends Shape = Shape, Body extends Shape = Shape> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** With parameters as `:id`. */
  readonly path: string
  /** Unique in the API, a verb and a noun: `issueToken`. */
  readonly operationId: string
  /** What it does, in a sentence without a full stop. */
  readonly summary: string
  /** The accepted ways to authenticate, any one of which is enough. Empty: public. */
  readonly security: ReadonlyArray<SecurityRequirement>
  /** The path parameters' descriptions, by name. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly query?: Query
  /** The descriptions of the request headers it reads, by name. All are optional. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RouteBody<Body>
  /** Success responses, by status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** Problems that don't already follow from the rest of the declaration. */
  readonly problems?: ReadonlyArray<ProblemSlug>
  /** Whether its errors have a format of their own, as an RFC requires, and are listed among its answers. */
  readonly hasOwnErrors?: boolean
}

export interface SecurityRequirement {
  /** The name of a security scheme. `bearer` is RFC 6750. */
  readonly scheme: string
  /** All of these are required. */
  readonly scopes: ReadonlyArray<string>
}

export interface RouteBody<Body extends Shape> {
  readonly schema: Body
  /** A body that works as it is. */
  readonly example: unknown
  /** Whether the body may be omitted, meaning an empty object. */
  readonly isOptional?: boolean
  /** JSON unless it is a form. */
  readonly mediaType?: "application/json" | "application/x-www-form-urlencoded"
}

export interface RouteAnswer {
  readonly description: string
  /** None: no body. */
  readonly schema?: Shape
  /** Default: JSON. */
  readonly mediaType?: string
  /** The descriptions of its headers, by name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Declares a route, keeping the types of its query and body. */
const declare = <Query extends Shape, Body extends Shape>(route: Route<Query, Body>): Route<Query, Body> => route

/** The scopes a bearer token needs for the route; `undefined` if it accepts none. */
const bearerScopes = ({ security }: Route): ReadonlyArray<string> | undefined =>
  security.find(({ scheme }) => scheme === "bearer")?.scopes

/** Every scope that some route accepts from a bearer token, for `scopes_supported` (RFC 9728 §2). */
const scopesSupported = (routes: ReadonlyArray<Route>): ReadonlyArray<string> => [
  ...new Set(
    routes.flatMap(({ security }) => security.flatMap(({ scheme, scopes }) => (scheme === "bearer" ? scopes : []))),
  ),
]

export const Route = { declare, bearerScopes, scopesSupported } as const
