/** The port that tells the core what an owner may do now. Optional; without it, every owner may do everything. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RepositoryUnavailable } from "../errors.ts"
import type { OwnerId } from "../token/OwnerId.ts"

/** What an owner may do now: nothing at all, everything, or these scopes and what they imply. */
export type OwnerAuthority =
  | { readonly active: false }
  | { readonly active: true; readonly scopes: ReadonlyArray<string> | "all" }

export class OwnerDirectory extends Context.Service<
  OwnerDirectory,
  {
    /**
     * Called for every verify of a live token and every issue, so a deactivation takes effect on the next request.
     * Return inactive for an owner who doesn't exist. Fail only for an outage: the client then sees "unavailable", and
     * the failure never counts as a verdict.
     */
    readonly authorityOf: (ownedBy: OwnerId) => Effect.Effect<OwnerAuthority, RepositoryUnavailable>
  }
>()("@tokenry/core/OwnerDirectory") {
  /** A directory from a function, which may be asynchronous. Throwing or rejecting counts as an outage. */
  static layerFrom(
    authorityOf: (ownedBy: string) => OwnerAuthority | Promise<OwnerAuthority>,
  ): Layer.Layer<OwnerDirectory> {
    return Layer.succeed(OwnerDirectory, {
      authorityOf: (ownedBy) =>
        Effect.flatMap(
          Effect.tryPromise({
            try: async () => authorityOf(ownedBy),
            catch: (cause) => new RepositoryUnavailable({ operation: "authorityOf", cause }),
          }),
          (authority) => (isOwnerAuthority(authority) ? Effect.succeed(authority) : Effect.die(notAnAuthority)),
        ),
    })
  }
}

const isOwnerAuthority = (value: unknown): value is OwnerAuthority => {
  if (typeof value !== "object" || value === null || !("active" in value)) return false
  if (value.active === false) return true
  if (value.active !== true || !("scopes" in value)) return false
  const { scopes } = value
  return scopes === "all" || (Array.isArray(scopes) && scopes.every((scope) => typeof scope === "string"))
}

/** Neither a refusal nor an outage: the function itself has a bug. */
const notAnAuthority = new TypeError(
  'owners must return { active: false }, or { active: true, scopes } with "all" or a list of scopes',
)
