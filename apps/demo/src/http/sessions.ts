/** Sign-in sessions: koa-session with the sessions in the store, so that signing out really ends them. */
import { createHash, randomBytes } from "node:crypto"
import type Koa from "koa"
import { createSession } from "koa-session"
import type { Account, SessionData, Store } from "../store/Store.ts"

/** How long a sign-in lasts. */
const maxAgeMilliseconds = 24 * 60 * 60 * 1000

/**
 * Makes `ctx.session`. The cookie holds 256 random bits and nothing else, so it needs no signature; the store holds only
 * their hash. The `__Host-` prefix, where https allows it, pins the cookie to this very host.
 */
export const sessions = (app: Koa, store: Store, isSecure: boolean): Koa.Middleware =>
  createSession(
    {
      key: isSecure ? "__Host-session" : "session",
      maxAge: maxAgeMilliseconds,
      httpOnly: true,
      sameSite: "lax",
      secure: isSecure,
      signed: false,
      genid: () => randomBytes(32).toString("base64url"),
      store: {
        get: (id) => store.sessions.get(hashOf(id), new Date()),
        set: (id, data: SessionData, maxAge) =>
          store.sessions.set(hashOf(id), data, new Date(Date.now() + Math.min(maxAge, maxAgeMilliseconds))),
        destroy: (id) => store.sessions.remove(hashOf(id)),
      },
    },
    app,
  )

/** The account that is signed in; `undefined` if none is, or not any more. */
export const signedIn = async (ctx: Koa.Context, store: Store): Promise<Account | undefined> => {
  const data = ctx["session"] as SessionData
  const account = data.accountId === undefined ? undefined : await store.accounts.find(data.accountId)
  return account?.active && account.sessionGeneration === data.sessionGeneration ? account : undefined
}

/** When the person last typed their password in this session; the epoch if that is not known. */
export const signedInAt = (ctx: Koa.Context): Date => new Date((ctx["session"] as SessionData).signedInAt ?? 0)

/** Signs the account in, under a session id that nobody knew before. */
export const signIn = async (ctx: Koa.Context, account: Account): Promise<void> => {
  const data: SessionData = {
    accountId: account.id,
    sessionGeneration: account.sessionGeneration,
    signedInAt: Date.now(),
  }
  Object.assign(ctx["session"], data)
  await ctx["session"].regenerate()
}

export const signOut = (ctx: Koa.Context): void => {
  ctx["session"] = null
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url")
