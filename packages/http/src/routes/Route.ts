/** One route of an API in one value, from which follow what lets requests pass, what checks them, and what describes them. */
import type { Schema } from "effect"
import type { ProblemSlug } from "../problems/problemTypes.ts"

/** A schema that decodes without services: of a query, a body, an answer. */
export type Shape = Schema.Top & { readonly DecodingServices: never }

export interface Route<Query extends Shape = Shape, Body extends Shape = Shape> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** With parameters as `:id`. */
  readonly path: string
  /** Unique in the API, a verb and a noun: `issueToken`. */
  readonly operationId: string
  /** What it does, in a sentence without a full stop. */
  readonly summary: string
  /** The ways to be let in, of which one is enough. None: anybody is. */
  readonly security: ReadonlyArray<SecurityRequirement>
  /** What each parameter of the path is, by its name. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly query?: Query
  /** What each header field of the request that it heeds says, by its name. None of them has to be there. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RouteBody<Body>
  /** What is answered when all goes well, by status. */
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** What else may go wrong, besides what follows from the rest of the declaration. */
  readonly problems?: ReadonlyArray<ProblemSlug>
  /** Whether its errors have a form of their own, as an RFC says, and stand among its answers. */
  readonly hasOwnErrors?: boolean
}

export interface SecurityRequirement {
  /** The name of a security scheme. `bearer` is RFC 6750. */
  readonly scheme: string
  /** All of them are required. */
  readonly scopes: ReadonlyArray<string>
}

export interface RouteBody<Body extends Shape> {
  readonly schema: Body
  /** A body that works when it is sent. */
  readonly example: unknown
  /** Whether a request without a body is as good as one with an empty object. */
  readonly isOptional?: boolean
  /** JSON unless it is a form. */
  readonly mediaType?: "application/json" | "application/x-www-form-urlencoded"
}

export interface RouteAnswer {
  readonly description: string
  /** None: no body. */
  readonly schema?: Shape
  /** JSON unless it is told. */
  readonly mediaType?: string
  /** What each header of it says, by its name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A declaration with the types of its query and body kept. */
const declare = <Query extends Shape, Body extends Shape>(route: Route<Query, Body>): Route<Query, Body> => route

/** The scopes that a bearer token needs for the route; `undefined` if none is accepted. */
const bearerScopes = ({ security }: Route): ReadonlyArray<string> | undefined =>
  security.find(({ scheme }) => scheme === "bearer")?.scopes

/** All scopes that a bearer token can be of use with, for `scopes_supported` (RFC 9728 §2). */
const scopesSupported = (routes: ReadonlyArray<Route>): ReadonlyArray<string> => [
  ...new Set(
    routes.flatMap(({ security }) => security.flatMap(({ scheme, scopes }) => (scheme === "bearer" ? scopes : []))),
  ),
]

export const Route = { declare, bearerScopes, scopesSupported } as const
