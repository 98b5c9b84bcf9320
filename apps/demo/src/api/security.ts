/** Ways to authenticate, for route declarations. */
import type { SecurityRequirement } from "@tokenry/http"

/** A signed-in person or a token, either of which needs these scopes. */
export const sessionOrToken = (...scopes: ReadonlyArray<string>): ReadonlyArray<SecurityRequirement> => [
  { scheme: "session", scopes },
  { scheme: "bearer", scopes },
]

/** A signed-in person, or a token with these scopes. */
export const sessionOrTokenWith = (...scopes: ReadonlyArray<string>): ReadonlyArray<SecurityRequirement> => [
  { scheme: "session", scopes: [] },
  { scheme: "bearer", scopes },
]

/** A signed-in admin. */
export const adminSession: ReadonlyArray<SecurityRequirement> = [{ scheme: "adminSession", scopes: [] }]

export const anyone: ReadonlyArray<SecurityRequirement> = []

/** The schemes as OpenAPI describes them. */
export const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "A personal access token, `tcp_…`. Each operation lists the scopes it needs. Send one that is bound to a key as `Authorization: DPoP`, with a proof in `DPoP` (RFC 9449).",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "tokenry_demo_session",
    description:
      "The cookie that POST /api/session sets (`__Host-tokenry_demo_session` over https). Requests that change anything also need this site's Origin.",
  },
  adminSession: {
    type: "apiKey",
    in: "cookie",
    name: "tokenry_demo_session",
    description: "The same cookie, for an admin.",
  },
} as const
