/** Tokens in memory, and requests with them. */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens, type CreateOptions, type PromiseApiTokens } from "@tokenry/core/promise"
import type { BearerOptions } from "@tokenry/fetch"

export const problemBase = "https://api.example.test/problems/"
export const realm = "treasures"
export const address = "https://api.example.test/"

export const scopes = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:delete": "Throw treasures away",
})

export type Scope = typeof scopes extends ScopeCatalogue<infer S> ? S : never

export const openTokens = (options: Partial<CreateOptions<unknown, Scope>> = {}) =>
  createApiTokens<unknown, Scope>({ repository: MemoryRepository.layer, catalogue: scopes, ...options })

/** Tokens with only `verify`, which returns what the test specifies. */
export const tokensThat = (verify: PromiseApiTokens<Scope>["verify"]): BearerOptions<Scope>["tokens"] => ({
  catalogue: scopes,
  verify,
  authorize: () => ({ granted: true }),
})

/** A token of user-1. */
export const issue = async (tokens: PromiseApiTokens<Scope>, ...held: ReadonlyArray<Scope>): Promise<string> =>
  (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: held })).plaintext

export const requestWith = (token: string, init: RequestInit = {}): Request => {
  const request = new Request(address, init)
  request.headers.set("Authorization", `Bearer ${token}`)
  return request
}
