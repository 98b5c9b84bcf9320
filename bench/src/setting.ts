/** What all comparisons share: one token with one scope. */
import { ScopeCatalogue } from "@tokenry/core"
import type { PromiseApiTokens, TokenDetails } from "@tokenry/core/promise"

export const scopes = ScopeCatalogue.make({ "treasure:read": "See treasures" })
export const scope = "treasure:read"
export const requirement = { scopes: [scope] } as const

/** How many different tokens most rows use. With a single one, everything stays in the processor's cache. */
export const few = 1_000
export const many = 100_000

/** The owner of the n-th token: each has another, as in a real table. */
export const ownerOf = (index: number): string => `user-${index}`

export const requestOf = (index: number) =>
  ({ ownedBy: ownerOf(index), name: "bench", scopes: [scope], expiresIn: "90 days" }) as const

export const lifetimeMilliseconds = 90 * 24 * 60 * 60 * 1000

/** A string in one piece, as a parser or a driver makes it, rather than of the parts it was put together from. */
export const asRead = (text: string): string => Buffer.from(text, "latin1").toString("latin1")

export const headerOf = (token: string): string => asRead(`Bearer ${token}`)
export const tokenIn = (header: string): string => asRead(header.slice("Bearer ".length))

export interface Issued {
  readonly plaintexts: ReadonlyArray<string>
  readonly details: ReadonlyArray<TokenDetails>
}

export const issue = async (tokens: Pick<PromiseApiTokens<typeof scope>, "issue">, count: number): Promise<Issued> => {
  const plaintexts: Array<string> = []
  const details: Array<TokenDetails> = []
  for (let index = 0; index < count; index++) {
    const { plaintext, token } = await tokens.issue(requestOf(index))
    plaintexts.push(asRead(plaintext))
    details.push(token)
  }
  return { plaintexts, details }
}

/** The same token with another last character: only its checksum is wrong. */
export const mistyped = (token: string): string => asRead(token.slice(0, -1) + (token.endsWith("0") ? "1" : "0"))

/** Another product's token. */
export const foreign = (token: string): string => asRead(`ghp_${token.slice(4, 40)}`)
