/** The ways in which requests are let in, for declarations of routes. */
import type { SecurityRequirement } from "@tokenry/http"

/** A signed-in person or a token, either of which may do all this. */
export const sessionOrToken = (...scopes: ReadonlyArray<string>): ReadonlyArray<SecurityRequirement> => [
  { scheme: "session", scopes },
  { scheme: "bearer", scopes },
]

/** A signed-in person, or a token that may do all this. */
export const sessionOrTokenWith = (...scopes: ReadonlyArray<string>): ReadonlyArray<SecurityRequirement> => [
  { scheme: "session", scopes: [] },
  { scheme: "bearer", scopes },
]

/** A signed-in admin. */
export const adminSession: ReadonlyArray<SecurityRequirement> = [{ scheme: "adminSession", scopes: [] }]

export const anyone: ReadonlyArray<SecurityRequirement> = []

/** What the schemes are, in OpenAPI's words. */
export const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A personal access token, `tcp_…`. What it must be allowed to do is listed with each operation.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "tokenry_demo_session",
    description:
      "The cookie that POST /api/session sets (`__Host-tokenry_demo_session` over https). What changes something needs this site's Origin as well.",
  },
  adminSession: { type: "apiKey", in: "cookie", name: "tokenry_demo_session", description: "The same, of an admin." },
} as const
