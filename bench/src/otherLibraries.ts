/** Other libraries as contestants that look a hash up in a `Map`, as their users run them. */
import type { IncomingMessage } from "node:http"
import passport from "passport"
import { Strategy } from "passport-http-bearer"
import { checkAPIKey, extractShortToken, generateAPIKey } from "prefixed-api-key"
import { digestOf, tableOf } from "./byHand.ts"
import { type Contestant, contestant, type Trial } from "./contestant.ts"
import { headerOf, lifetimeMilliseconds, ownerOf, scope } from "./setting.ts"

interface Prepared {
  readonly contestant: Contestant
  readonly trial: Trial
}

const revokedCount = 20

/** prefixed-api-key: the row is found by the short token, and the long one is compared by its hash. */
export const withPrefixedApiKey = async (count: number): Promise<Prepared> => {
  const keys = await Promise.all(Array.from({ length: count }, makePrefixed))
  const unknown = await Promise.all(Array.from({ length: count }, makePrefixed))
  const revoked = await Promise.all(Array.from({ length: revokedCount }, makePrefixed))
  const rows = new Map(
    [...keys, ...revoked].map(({ shortToken, longTokenHash }, index) => [
      shortToken,
      {
        longTokenHash,
        owner: ownerOf(index),
        scopes: [scope],
        expiresAt: Date.now() + lifetimeMilliseconds,
        revokedAt: index < count ? null : Date.now(),
      },
    ]),
  )
  const verify = async (header: string) => {
    if (!header.startsWith("Bearer tok_")) return undefined
    const key = header.slice("Bearer ".length)
    const row = rows.get(extractShortToken(key))
    if (row === undefined || !checkAPIKey(key, row.longTokenHash)) return undefined
    if (row.revokedAt !== null || row.expiresAt <= Date.now()) return undefined
    return row.scopes.includes(scope) ? row : undefined
  }
  const tokens = keys.map(({ token }) => token)
  return {
    contestant: contestant(verify, (row) => row?.owner),
    trial: {
      good: tokens.map(headerOf),
      owners: keys.map((_, index) => ownerOf(index)),
      malformed: tokens.map((token) => headerOf(token.slice(0, -1))),
      unknown: unknown.map(({ token }) => headerOf(token)),
      revoked: revoked.map(({ token }) => headerOf(token)),
    },
  }
}

const makePrefixed = async () => {
  const { token, shortToken, longTokenHash } = await generateAPIKey({ keyPrefix: "tok" })
  return { token: token as string, shortToken: shortToken as string, longTokenHash: longTokenHash as string }
}

/** passport-http-bearer: the middleware, with a callback that looks up the hash of the token. */
export const withPassport = (plaintexts: ReadonlyArray<string>, revoked: ReadonlyArray<string>): Contestant => {
  const rows = tableOf(plaintexts, revoked)
  const authenticator = new passport.Passport()
  authenticator.use(
    new Strategy((token, done) => {
      const row = rows.get(digestOf(token))
      if (row === undefined || row.revokedAt !== null || row.expiresAt <= Date.now()) return done(null, false)
      return done(null, row.scopes.includes(scope) ? row : false)
    }),
  )
  const authenticate = authenticator.authenticate("bearer", { session: false }) as Middleware
  const verify = (authorization: string) =>
    new Promise<{ readonly owner: string } | undefined>((resolve, reject) => {
      const request: Request = { headers: { authorization } }
      const response = { setHeader: () => response, end: () => resolve(undefined) }
      authenticate(request, response, (error) => (error === undefined ? resolve(request.user) : reject(error)))
    })
  return contestant(verify, (row) => row?.owner)
}

/** What Passport needs of a request and a response. */
interface Request extends Pick<IncomingMessage, "headers"> {
  user?: { readonly owner: string }
}

type Middleware = (request: Request, response: object, next: (error?: Error) => void) => void
