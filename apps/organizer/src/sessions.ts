/** The organizer's signed-in people, kept in memory under a random cookie. A restart signs everyone out. */
import { randomBytes } from "node:crypto"
import type Koa from "koa"
import type { Access, Pending } from "./Treasures.ts"

export interface Session {
  pending?: Pending
  access?: Access
}

/** Our own name, because all applications on a host share cookies, whatever their port. */
const cookieName = "treasure_organizer_session"

/** The oldest are forgotten first. */
const sessionsAtMost = 10_000

export class Sessions {
  readonly #sessions = new Map<string, Session>()

  /** The request's session; `undefined` if it has none. */
  of(ctx: Koa.Context): Session | undefined {
    return this.#sessions.get(ctx.cookies.get(cookieName) ?? "")
  }

  /** Starts a session under a new id, in place of the request's own. */
  start(ctx: Koa.Context, session: Session): void {
    this.end(ctx)
    const id = randomBytes(32).toString("base64url")
    if (this.#sessions.size >= sessionsAtMost) this.#sessions.delete(this.#sessions.keys().next().value ?? "")
    this.#sessions.set(id, session)
    ctx.cookies.set(cookieName, id, { httpOnly: true, sameSite: "lax", signed: false })
  }

  end(ctx: Koa.Context): void {
    this.#sessions.delete(ctx.cookies.get(cookieName) ?? "")
  }
}
