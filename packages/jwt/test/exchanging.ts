/** A token exchange over tokens in memory, with a clock that tests move, and a verifier of its JWTs. */
import { MemoryRepository, RepositoryUnavailable, ScopeCatalogue, type ScopeOf, TokenPolicy } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { readForm } from "@tokenry/http"
import { JwtVerifier, SigningKeys, TokenExchange, tokenExchangeGrant, type TokenExchangeOptions } from "@tokenry/jwt"
import { vi } from "@effect/vitest"

export const issuer = "https://api.example.test"
export const audience = "https://reports.example.test"

export const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:delete": "Throw treasures away",
})

export type Scope = ScopeOf<typeof catalogue>

export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

export const openTokens = () => {
  const inactive = new Set<string>()
  return createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    policy: TokenPolicy.make({ allowsNeverExpiring: true }),
    owners: (ownedBy) => ({ active: !inactive.has(ownedBy), scopes: "all" }),
  }).then((tokens) => ({ tokens, deactivate: (owner: string) => void inactive.add(owner) }))
}

export const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })

type Options = Partial<TokenExchangeOptions<Scope>>

export const openExchange = async (options: Options = {}) => {
  const { tokens, deactivate } = await openTokens()
  const keys = await SigningKeys.make({ signing: await SigningKeys.generate() })
  const exchange = TokenExchange.make<Scope>({
    tokens,
    issuer,
    keys,
    audiences: { [audience]: ["treasure:edit"], "https://other.example.test": ["treasure:read"] },
    ...options,
  })
  const verifier = JwtVerifier.make({ issuer, audience, jwks: jwksOf(keys), catalogue })
  const issue = async (request: Partial<Parameters<PromiseApiTokens<Scope>["issue"]>[0]> = {}) =>
    tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"], ...request })

  /** The response to an exchange of this token, with these parameters more or others. */
  const ask = async (subjectToken: string, parameters: Record<string, string | undefined> = {}) => {
    const form = new URLSearchParams()
    const usual = {
      grant_type: tokenExchangeGrant,
      subject_token: subjectToken,
      subject_token_type: accessTokenType,
      audience,
    }
    for (const [name, value] of Object.entries({ ...usual, ...parameters }))
      if (value !== undefined) form.set(name, value)
    return answerTo(form.toString())
  }
  const answerTo = async (body: string, address = "192.0.2.1") => {
    const reply = await exchange.answerTo({
      method: "POST",
      headerValues: () => [],
      address,
      readForm: async () => readForm(body),
    })
    return { ...reply.answer, json: JSON.parse(reply.answer.body) as Record<string, unknown>, cause: reply.cause }
  }
  const exchanged = async (
    subjectToken: string,
    parameters: Record<string, string | undefined> = {},
  ): Promise<string> => {
    const { json } = await ask(subjectToken, parameters)
    if (typeof json["access_token"] !== "string") throw new Error(`Not exchanged: ${JSON.stringify(json)}`)
    return json["access_token"]
  }
  return { tokens, deactivate, keys, exchange, verifier, issue, ask, answerTo, exchanged }
}

/** What the keys' document says, as a client reads it. */
export const jwksOf = (keys: SigningKeys) => JSON.parse(keys.answerTo("GET").body)

/** Runs while `Date` stands still; `pass` lets seconds go by. */
export const withClock = async <A>(run: (pass: (seconds: number) => void) => Promise<A>): Promise<A> => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-02T03:04:05.000Z") })
  try {
    return await run((seconds) => void vi.setSystemTime(Date.now() + seconds * 1000))
  } finally {
    vi.useRealTimers()
  }
}
