/** The apps that people gave access to, and how that access ends. */
import type { Attribution } from "@tokenry/core"
import type { TokenDetails } from "@tokenry/core/promise"
import { endGrant, tokenOfGrant } from "@tokenry/oidc-provider"
import type Provider from "oidc-provider"
import type { Services } from "../Services.ts"

export interface ConnectedApp {
  readonly clientId: string
  readonly name: string
  /** Its tokens that aren't revoked, the newest first. An expired one can be renewed by a refresh. */
  readonly tokens: ReadonlyArray<TokenDetails>
}

/** An app's own name, or else its id. */
export const nameOfClient = (
  client: { readonly clientName?: string | undefined } | undefined,
  clientId: string,
): string => client?.clientName ?? clientId

/** The apps that have tokens of the person, by name. */
export const appsOf = async (
  { tokens, store }: Pick<Services, "tokens" | "store">,
  provider: Provider,
  accountId: string,
): Promise<ReadonlyArray<ConnectedApp>> => {
  const found = new Map<string, TokenDetails>()
  for await (const token of liveTokensOf(tokens, accountId)) if (token.issuedTo !== null) found.set(token.id, token)
  for (const { id } of await store.oauthRecords.grants({ accountId }, new Date())) {
    const granted = await tokenOfGrant(provider, id)
    if (granted === undefined || found.has(granted.tokenId)) continue
    const token = await tokens.find({ id: granted.tokenId, ownedBy: accountId }).catch(() => undefined)
    if (token?.revokedAt === null) found.set(token.id, token)
  }
  const byClient = Map.groupBy(found.values(), ({ issuedTo }) => issuedTo ?? "")
  const apps = await Promise.all(
    Array.from(byClient, async ([clientId, tokens]) => ({ clientId, name: await nameOf(provider, clientId), tokens })),
  )
  return apps.toSorted((one, other) => one.name.localeCompare(other.name))
}

/** The apps that anyone gave access to, by name. */
export const everyonesApps = async ({ store }: Pick<Services, "store">, provider: Provider) => {
  const clientIds = await store.oauthRecords.grantedClients(new Date())
  const apps = await Promise.all(
    clientIds.map(async (clientId) => ({ clientId, name: await nameOf(provider, clientId) })),
  )
  return apps.toSorted((one, other) => one.name.localeCompare(other.name))
}

/** Ends the access of an app to this person's account, or to all accounts, and revokes its tokens. */
export const disconnect = async (
  { tokens, store }: Pick<Services, "tokens" | "store">,
  provider: Provider,
  request: {
    readonly clientId: string
    readonly accountId?: string
    readonly by: Attribution
    readonly reason: string
  },
): Promise<void> => {
  const { clientId, accountId, by, reason } = request
  const revoke = () =>
    accountId === undefined
      ? tokens.revokeAllIssuedTo({ issuedTo: clientId, reason, by })
      : tokens.revokeIssuedTo({ issuedTo: clientId, ownedBy: accountId, reason, by })
  // First, so that the history says who ended it; and last, for a token that was issued meanwhile.
  await revoke()
  const of = accountId === undefined ? { clientId } : { clientId, accountId }
  for (const { id } of await store.oauthRecords.grants(of, new Date())) await endGrant(provider, id)
  await revoke()
}

/** The name of an app that is gone, or whose metadata can't be fetched now, is its id. */
const nameOf = async (provider: Provider, clientId: string): Promise<string> =>
  nameOfClient(await provider.Client.find(clientId).catch(() => undefined), clientId)

async function* liveTokensOf(tokens: Services["tokens"], ownedBy: string): AsyncGenerator<TokenDetails> {
  let cursor: string | null | undefined
  do {
    const page = await tokens.list({ ownedBy, state: "live", limit: 100, ...(cursor && { cursor }) })
    yield* page.items
    cursor = page.nextCursor
  } while (cursor !== null)
}
