/** Sign-in sessions: koa-session with the sessions in the store, so that signing out really ends them. */
import { createHash, randomBytes } from "node:crypto"
import type Koa from "koa"
import { createSession } from "koa-session"
import type { Account, SessionData, Store } from "../store/Store.ts"

/** How long a sign-in lasts. */
const maxAgeMilliseconds = 24 * 60 * 60 * 1000

/**
 * Our own name, because all applications on a host share cookies, whatever their port. The `__Host-` prefix, which
 * needs https, keeps out cookies from other hosts and paths.
 */
const sessionCookieName = (isSecure: boolean): string =>
  isSecure ? "__Host-tokenry_demo_session" : "tokenry_demo_session"

/**
 * Makes `ctx.session`. The cookie holds 256 random bits and nothing else, so it needs no signature; the store holds only
 * their hash.
 */
export const sessions = (app: Koa, store: Store, isSecure: boolean): Koa.Middleware => {
  /** The id for a request's session if it is new. */
  const newIds = new WeakMap<object, string>()
  return createSession(
    {
      key: sessionCookieName(isSecure),
      maxAge: maxAgeMilliseconds,
      httpOnly: true,
      sameSite: "lax",
      secure: isSecure,
      signed: false,
      genid: (ctx: object) => {
        const id = randomBytes(32).toString("base64url")
        newIds.set(ctx, id)
        return id
      },
      store: {
        get: (id) => store.sessions.get(hashOf(id), new Date()),
        // Only updates an existing session, so a slow request can't revive one that was signed out.
        set: (id, data: SessionData, maxAge, { ctx }) =>
          newIds.get(ctx as object) === id
            ? store.sessions.set(hashOf(id), data, new Date(Date.now() + Math.min(maxAge, maxAgeMilliseconds)))
            : store.sessions.update(hashOf(id), data),
        destroy: (id) => store.sessions.remove(hashOf(id)),
      },
    },
    app,
  )
}

/** The signed-in account; `undefined` if nobody is signed in, or the session has ended. */
export const signedIn = async (ctx: Koa.Context, store: Store): Promise<Account | undefined> => {
  const data = ctx["session"] as SessionData
  const account = data.accountId === undefined ? undefined : await store.accounts.find(data.accountId)
  return account?.active && account.sessionGeneration === data.sessionGeneration ? account : undefined
}

/** How long a password counts as recently entered. */
const recentMilliseconds = 60 * 60 * 1000

/** Whether the person entered their password in this session within the last hour. Required for showing a plaintext. */
export const isPasswordRecent = (ctx: Koa.Context): boolean =>
  Date.now() - ((ctx["session"] as SessionData).signedInAt ?? 0) <= recentMilliseconds

/** Whether the person entered their password in this session since then. */
export const hasSignedInSince = (ctx: Koa.Context, moment: Date): boolean =>
  ((ctx["session"] as SessionData).signedInAt ?? 0) >= moment.getTime()

/** Signs the account in under a fresh session id. The draft is for the next page. */
export const signIn = async (ctx: Koa.Context, account: Account, draft?: SessionData["draft"]): Promise<void> => {
  const data: SessionData = {
    accountId: account.id,
    sessionGeneration: account.sessionGeneration,
    signedInAt: Date.now(),
    ...(draft && { draft }),
  }
  Object.assign(ctx["session"], data)
  await ctx["session"].regenerate()
}

export const signOut = (ctx: Koa.Context): void => {
  ctx["session"] = null
}

/** Makes the next page at this path show a one-time notice. */
export const tellOnce = (ctx: Koa.Context, notice: NonNullable<SessionData["notice"]>): void => {
  ctx["session"].notice = notice
}

/** Removes and returns the notice for this page. */
export const takeNotice = (ctx: Koa.Context): string | undefined => {
  const { notice } = ctx["session"] as SessionData
  if (notice?.path !== ctx.path) return undefined
  delete ctx["session"].notice
  return notice.name
}

/** Removes and returns what the person had entered into this page's form before signing in again. */
export const takeDraft = (ctx: Koa.Context): URLSearchParams | undefined => {
  const { draft } = ctx["session"] as SessionData
  if (draft?.path !== ctx.path) return undefined
  delete ctx["session"].draft
  return new URLSearchParams(draft.fields)
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url")
