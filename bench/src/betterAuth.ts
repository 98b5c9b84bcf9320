/** better-auth's API keys as a contestant, with rate limits off, which would refuse the eleventh request of a day. */
import { randomBytes } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { apiKey } from "@better-auth/api-key"
import { betterAuth } from "better-auth"
import { getMigrations } from "better-auth/db/migration"
import { type Contestant, contestant, type Trial } from "./contestant.ts"
import { asRead, headerOf, lifetimeMilliseconds } from "./setting.ts"

const revokedCount = 20
const permissions = { treasure: ["read"] }

/**
 * Keeps keys in its database, or with `inMemory` in a `Map` as its secondary storage, where its users put Redis. Writes the time
 * of the last request at each verify, as it does by default. One user owns all keys.
 */
export const withBetterAuth = async (
  filename: string,
  count: number,
  { inMemory }: { readonly inMemory: boolean },
): Promise<{ readonly contestant: Contestant; readonly trial: Trial }> => {
  const database = new DatabaseSync(filename)
  database.exec("PRAGMA journal_mode = WAL")
  const auth = betterAuth({
    baseURL: "http://127.0.0.1:3000",
    secret: randomBytes(32).toString("hex"),
    database,
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
    ...(inMemory ? { secondaryStorage: storage() } : {}),
    plugins: [apiKey({ rateLimit: { enabled: false }, storage: inMemory ? "secondary-storage" : "database" })],
  })
  await (await getMigrations(auth.options)).runMigrations()
  const account = { email: "owner@example.test", password: randomBytes(16).toString("hex"), name: "Owner" }
  const { user } = await auth.api.signUpEmail({ body: account })
  const create = () =>
    auth.api.createApiKey({
      body: { userId: user.id, name: "bench", permissions, expiresIn: lifetimeMilliseconds / 1000 },
    })
  const keys: Array<string> = []
  for (let index = 0; index < count; index++) keys.push(asRead((await create()).key))
  const revoked: Array<string> = []
  for (let index = 0; index < revokedCount; index++) {
    const { id, key } = await create()
    await auth.api.updateApiKey({ body: { keyId: id, userId: user.id, enabled: false } })
    revoked.push(key)
  }
  const verify = async (header: string) => {
    if (!header.startsWith("Bearer ")) return undefined
    return auth.api.verifyApiKey({ body: { key: header.slice("Bearer ".length), permissions } })
  }
  return {
    contestant: contestant(verify, (answer) => (answer?.valid ? user.id : undefined)),
    trial: {
      good: keys.map(headerOf),
      owners: keys.map(() => user.id),
      malformed: keys.map((key) => headerOf(key.slice(1))),
      unknown: keys.map((key) => headerOf([...key].toReversed().join(""))),
      revoked: revoked.map(headerOf),
    },
  }
}

const storage = () => {
  const entries = new Map<string, string>()
  return {
    get: async (key: string) => entries.get(key) ?? null,
    set: async (key: string, value: string) => void entries.set(key, value),
    delete: async (key: string) => void entries.delete(key),
    getAndDelete: async (key: string) => {
      const value = entries.get(key) ?? null
      entries.delete(key)
      return value
    },
    increment: async (key: string) => {
      const next = Number(entries.get(key) ?? 0) + 1
      entries.set(key, String(next))
      return next
    },
  }
}
