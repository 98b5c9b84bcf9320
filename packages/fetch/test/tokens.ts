/** Tokens in memory, and requests with them. */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"

export const problemBase = "https://api.example.test/problems/"
export const realm = "treasures"
export const address = "https://api.example.test/"

const scopes = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:delete": "Throw treasures away",
})

export const openTokens = (options: Partial<Parameters<typeof createApiTokens>[0]> = {}) =>
  createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes, ...options })

/** A token of user-1's. */
export const issue = async (tokens: PromiseApiTokens, ...held: ReadonlyArray<string>): Promise<string> =>
  (await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: held })).plaintext

export const requestWith = (token: string, init: RequestInit = {}): Request => {
  const request = new Request(address, init)
  request.headers.set("Authorization", `Bearer ${token}`)
  return request
}
