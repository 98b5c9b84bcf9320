/** One token in each state, and the placeholders that stand for them in the rules. */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { vi } from "vitest"
import { nonce } from "./dpopRules.ts"
import { openSentProofs, type SentProof } from "./sentProofs.ts"

export type SentToken =
  | "good"
  | "good in upper case"
  | "other"
  | "powerless"
  | "powerful"
  | "unknown"
  | "foreign"
  | "mistyped"
  | "retired"
  | "revoked"
  | "orphaned"
  | "expired"
  | "inactive"
  | "unverifiable"
  | "bound"
  | "first"

/** The declared scopes. */
export type TreasureScope = "treasure:read" | "treasure:delete"

export interface SentTokens {
  readonly tokens: PromiseApiTokens<TreasureScope>
  readonly plaintexts: Readonly<Record<SentToken | SentProof, string>>
}

const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:delete": "Throw treasures away",
})

const open = (owners?: Parameters<typeof createApiTokens>[0]["owners"]) =>
  createApiTokens({
    repository: MemoryRepository.layer,
    catalogue,
    ...(owners === undefined ? {} : { owners }),
  })

/** Opens a store in memory and brings its tokens into these states. */
export const openSentTokens = async (): Promise<SentTokens> => {
  let isLater = false
  const tokens = await open((ownedBy) => {
    if (isLater && ownedBy === "user-4") throw new Error("The directory of owners is away")
    return { active: !isLater || ownedBy !== "user-3", scopes: "all" }
  })
  const issue = (ownedBy = "user-1", held: ReadonlyArray<TreasureScope> = ["treasure:read"]) =>
    tokens.issue({ ownedBy, name: "CI", scopes: held })

  const good = await issue()
  const retired = await issue()
  await tokens.rotate({ id: retired.token.id, ownedBy: "user-1", graceFor: "0 minutes" })
  const revoked = await issue()
  const orphaned = await mintBy(tokens, revoked.plaintext)
  await tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2020-01-01T00:00:00Z") })
  const expired = await issue().finally(() => vi.useRealTimers())
  const inactive = await issue("user-3")
  const unverifiable = await issue("user-4")
  const stranger = await open()
  const unknown = await stranger.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  await stranger.close()
  isLater = true
  const proofs = await openSentProofs()
  const boundTo = async (boundTo: string) =>
    (await tokens.issue({ ownedBy: "user-1", name: "app", scopes: ["treasure:read"], boundTo })).plaintext

  const plaintexts: Record<SentToken, string> = {
    good: good.plaintext,
    "good in upper case": good.plaintext.toUpperCase(),
    other: (await issue("user-2")).plaintext,
    powerless: (await issue("user-1", [])).plaintext,
    powerful: (await issue("user-1", ["treasure:read", "treasure:delete"])).plaintext,
    unknown: unknown.plaintext,
    foreign: "mF_9.B5f-4.1JqM",
    mistyped: good.plaintext.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    retired: retired.plaintext,
    revoked: revoked.plaintext,
    orphaned,
    expired: expired.plaintext,
    inactive: inactive.plaintext,
    unverifiable: unverifiable.plaintext,
    bound: await boundTo(proofs.thumbprint),
    first: await boundTo("first-key"),
  }
  return { tokens, plaintexts: { ...plaintexts, ...(await proofs.madeFor(plaintexts, nonce)) } }
}

const mintBy = async (tokens: SentTokens["tokens"], parent: string): Promise<string> => {
  const verification = await tokens.verify(parent)
  if (!verification.accepted) throw new Error("The token that mints is not accepted")
  const { caller } = verification
  return (await tokens.issue({ ownedBy: caller.ownedBy, name: "job", scopes: [], caller })).plaintext
}

/** Replaces the placeholders: `{good}`, `{a×5000}`. */
export const written = (text: string, plaintexts: SentTokens["plaintexts"]): string =>
  text.replaceAll(/\{([^{}]+)\}/g, (all, name: string) => {
    const [character = "", times] = name.split("×")
    return times === undefined ? (plaintexts[name as SentToken] ?? all) : character.repeat(Number(times))
  })
