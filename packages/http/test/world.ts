/** Tokens in memory, whose owners can be deactivated, on a store that can fail. */
import { MemoryRepository, RepositoryUnavailable, ScopeCatalogue, TokenPolicy } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { createApiTokens } from "@tokenry/core/promise"
import { type Form, type OAuthRequest, readForm } from "@tokenry/http"
import { vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const scopes = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "token:introspect": "Ask about anybody's tokens",
})

export const outage = new RepositoryUnavailable({ operation: "findByDigest", cause: undefined })

export const openWorld = async () => {
  /** How often each method of the store was called, and whether the store is down. */
  const store = { isAway: false, asked: [] as Array<string> }
  const inactive = new Set<string>()
  const repository = Layer.effect(
    ApiTokenRepository,
    ApiTokenRepository.use((memory) =>
      Effect.sync(() => {
        const counting = { ...memory }
        for (const name of ["findByDigest", "findById", "findManyById", "replace"] as const) {
          const method = memory[name] as (...values: ReadonlyArray<unknown>) => Effect.Effect<unknown>
          Object.assign(counting, {
            [name]: (...values: ReadonlyArray<unknown>) => {
              store.asked.push(name)
              return store.isAway ? Effect.fail(outage) : method(...values)
            },
          })
        }
        return counting
      }),
    ),
  ).pipe(Layer.provideMerge(MemoryRepository.layer))
  const tokens = await createApiTokens({
    repository,
    catalogue: scopes,
    policy: TokenPolicy.make({ onReuse: "revoke", allowsNeverExpiring: true, longestLifetime: null }),
    owners: (ownedBy) => ({ active: !inactive.has(ownedBy), scopes: "all" }),
  })
  const issue = (request: object = {}) =>
    tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"], ...request })
  const callerOf = async (plaintext: string) => {
    const verification = await tokens.verify(plaintext)
    if (!verification.accepted) throw new Error(`The token is refused: ${verification.refusal._tag}`)
    return verification.caller
  }
  /** Plaintexts that aren't accepted, one of each kind; `user-2` is then deactivated. */
  const dead = async () => {
    const [revoked, rotated, inactiveOwner, parent] = [
      await issue(),
      await issue(),
      await issue({ ownedBy: "user-2" }),
      await issue(),
    ]
    const orphan = await issue({ caller: await callerOf(parent.plaintext) })
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 86_400_000 })
    const expired = await issue({ expiresIn: "1 hour" }).finally(() => vi.useRealTimers())
    await tokens.revoke({ id: revoked.token.id, ownedBy: "user-1" })
    await tokens.revoke({ id: parent.token.id, ownedBy: "user-1" })
    await tokens.rotate({ id: rotated.token.id, ownedBy: "user-1", graceFor: "0 minutes" })
    inactive.add("user-2")
    return {
      malformed: "no token",
      unknown: (await (await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })).issue(asked))
        .plaintext,
      retired: rotated.plaintext,
      revoked: revoked.plaintext,
      orphan: orphan.plaintext,
      expired: expired.plaintext,
      inactiveOwner: inactiveOwner.plaintext,
    }
  }
  return { tokens, issue, callerOf, dead, store, inactive }
}

const asked = { ownedBy: "user-1", name: "CI", scopes: [] }

export const formOf = (token: string): Form => readForm({ token })

/** A POST of this form to an OAuth endpoint, with this value of the Authorization header. */
export const posting = (
  form: Form,
  { authorization, ...others }: Partial<OAuthRequest> & { readonly authorization?: string } = {},
): OAuthRequest => ({
  method: "POST",
  headerValues: (name) => (name === "authorization" && authorization !== undefined ? [authorization] : []),
  readForm: async () => form,
  ...others,
})

/** Runs with `Date` frozen; `pass` moves it forward. Timers are real. */
export const withClock = async <A>(run: (pass: (milliseconds: number) => void) => Promise<A>): Promise<A> => {
  vi.useFakeTimers({ toFake: ["Date"] })
  try {
    return await run((milliseconds) => void vi.setSystemTime(Date.now() + milliseconds))
  } finally {
    vi.useRealTimers()
  }
}
