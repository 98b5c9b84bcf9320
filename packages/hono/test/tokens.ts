/** Tokens in memory. */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"

const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:delete": "Throw treasures away",
})

export const openTokens = () => createApiTokens({ repository: MemoryRepository.layer, catalogue })

/** The headers of a request with this token. */
export const withToken = (plaintext: string) => ({ headers: { Authorization: `Bearer ${plaintext}` } })
