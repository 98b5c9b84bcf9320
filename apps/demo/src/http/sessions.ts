/** Sign-in sessions: koa-session with the sessions in the store, so that signing out really ends them. */
import { createHash, randomBytes } from "node:crypto"
import type Koa from "koa"
import { createSession } from "koa-session"
import type { Account, SessionData, Store } from "../store/Store.ts"

/** How long a sign-in lasts. */
const maxAgeMilliseconds = 24 * 60 * 60 * 1000

/**
 * The cookie's name: one of our own, since cookies don't tell apart the applications on a host, not even by port. The
 * `__Host-` prefix, which https allows, keeps out cookies of other hosts and paths.
 */
const sessionCookieName = (isSecure: boolean): string =>
  isSecure ? "__Host-tokenry_demo_session" : "tokenry_demo_session"

/**
 * Makes `ctx.session`. The cookie holds 256 random bits and nothing else, so it needs no signature; the store holds only
 * their hash.
 */
export const sessions = (app: Koa, store: Store, isSecure: boolean): Koa.Middleware => {
  /** The id that a request's session gets if it is a new one. */
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
        // An older session is only updated, so that a request that is slow can't revive one that has been signed out.
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

/** The account that is signed in; `undefined` if none is, or not any more. */
export const signedIn = async (ctx: Koa.Context, store: Store): Promise<Account | undefined> => {
  const data = ctx["session"] as SessionData
  const account = data.accountId === undefined ? undefined : await store.accounts.find(data.accountId)
  return account?.active && account.sessionGeneration === data.sessionGeneration ? account : undefined
}

/** How long a password counts as typed recently. */
const recentMilliseconds = 60 * 60 * 1000

/** Whether the person typed their password in this session within the last hour: a plaintext is shown only then. */
export const isPasswordRecent = (ctx: Koa.Context): boolean =>
  Date.now() - ((ctx["session"] as SessionData).signedInAt ?? 0) <= recentMilliseconds

/** Signs the account in, under a session id that nobody knew before. The draft is for the page that comes next. */
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

/** Has the next page at this path say once what has been done. */
export const tellOnce = (ctx: Koa.Context, notice: NonNullable<SessionData["notice"]>): void => {
  ctx["session"].notice = notice
}

/** The name of the notice for this page, which is forgotten with that. */
export const takeNotice = (ctx: Koa.Context): string | undefined => {
  const { notice } = ctx["session"] as SessionData
  if (notice?.path !== ctx.path) return undefined
  delete ctx["session"].notice
  return notice.name
}

/** The fields that were typed into this page's form before the person had to sign in again; forgotten with that. */
export const takeDraft = (ctx: Koa.Context): URLSearchParams | undefined => {
  const { draft } = ctx["session"] as SessionData
  if (draft?.path !== ctx.path) return undefined
  delete ctx["session"].draft
  return new URLSearchParams(draft.fields)
}

const hashOf = (id: string): string => createHash("sha256").update(id).digest("base64url")
