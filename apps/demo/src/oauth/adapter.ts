/** Stores what `oidc-provider` needs as the store's OAuth records, secrets by their hash. */
import { createHash } from "node:crypto"
import { isApiTokensError } from "@tokenry/core"
import { AlreadyConsumed, temporarilyUnavailable } from "@tokenry/oidc-provider"
import type { AdapterFactory, AdapterPayload } from "oidc-provider"
import type { FoundRecord, OAuthRecords } from "../store/OAuthRecords.ts"

/** How long a client that nobody has given access to stays registered. */
const unusedClientSeconds = 24 * 60 * 60

const keyOf = (kind: string, id: string): string => `${kind}:${hashOf(id)}`

/** Rejects with 503 `temporarily_unavailable` during an outage. */
export const oauthAdapter =
  (records: OAuthRecords): AdapterFactory =>
  (kind) => {
    const key = (id: string) => keyOf(kind, id)
    return {
      upsert: (id, payload, expiresIn = unusedClientSeconds) =>
        reachable(async () => {
          const now = new Date()
          const expiresAt = new Date(now.getTime() + expiresIn * 1000)
          const { grantId, uid } = payload
          const uidHash = uid === undefined ? undefined : hashOf(uid)
          const ofGrant = kind === "Grant" ? { accountId: payload.accountId, clientId: payload.clientId } : nobodys
          const record = { key: key(id), kind, payload: withoutSecrets(kind, payload), grantId, uidHash, ...ofGrant }
          await records.put({ ...record, expiresAt }, now)
          if (ofGrant.clientId !== undefined) await records.keepUntil(keyOf("Client", ofGrant.clientId), expiresAt)
        }),
      find: (id) => reachable(async () => restored(await records.find(key(id), new Date()), id)),
      findByUid: (uid) => reachable(async () => restored(await records.findByUid(hashOf(uid), new Date()))),
      findByUserCode: async () => undefined,
      consume: (id) =>
        reachable(async () => {
          if (!(await records.consume(key(id), new Date()))) throw new AlreadyConsumed()
        }),
      destroy: (id) => reachable(() => records.remove(key(id))),
      revokeByGrantId: (grantId) => reachable(() => records.removeOfGrant(kind, grantId)),
    }
  }

/** A client's secret as it is stored. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url")

const nobodys = { accountId: undefined, clientId: undefined }

/**
 * The id of a code, a refresh token or a session is its secret, so the payload must not repeat it. A grant's is none, and
 * is needed to list grants.
 */
const withoutSecrets = (kind: string, payload: AdapterPayload): object => {
  if (kind === "Client") {
    const { client_secret: secret } = payload
    return secret === undefined ? payload : { ...payload, client_secret: hashOf(secret) }
  }
  if (kind === "Grant") return payload
  const { jti = "", session, returnTo, ...rest } = payload
  const { cookie: _, ...restOfSession } = session ?? {}
  return {
    ...rest,
    ...(session !== undefined && { session: restOfSession }),
    // An interaction's ends with its id.
    ...(returnTo !== undefined && { returnTo: returnTo.replace(jti, "") }),
  }
}

const restored = (found: FoundRecord | undefined, id?: string): AdapterPayload | undefined => {
  if (found === undefined) return undefined
  const payload = found.payload as AdapterPayload
  return {
    ...(id !== undefined && { jti: id }),
    ...payload,
    ...(payload.returnTo !== undefined && id !== undefined && { returnTo: payload.returnTo + id }),
    ...(found.consumedAt && { consumed: Math.floor(found.consumedAt.getTime() / 1000) }),
  }
}

const reachable = async <A>(use: () => Promise<A>): Promise<A> => {
  try {
    return await use()
  } catch (error) {
    throw isApiTokensError(error) && error._tag === "RepositoryUnavailable" ? temporarilyUnavailable(error) : error
  }
}
