/** Guards over tokens whose verdicts the test chooses, and requests to them. */
import type { ScopeCatalogue } from "@tokenry/core"
import type { Verification } from "@tokenry/core/promise"
import { Guard, type GuardedRequest, type GuardOptions } from "@tokenry/http"
import { scopes } from "../world.ts"

export const problemBase = "https://api.example.test/problems/"

export type Scope = typeof scopes extends ScopeCatalogue<infer S> ? S : never

/** `verify` verifies everything. A scope is granted if the caller has it. */
export const tokensThat = (
  verify: (presented: unknown) => Promise<Verification<Scope>> = () =>
    Promise.reject(new Error("Nothing was to verify")),
): GuardOptions<Scope>["tokens"] => ({
  catalogue: scopes,
  verify,
  authorize: (caller, required) => {
    const missing = required.filter((scope) => !caller.scopes.includes(scope))
    return missing.length === 0
      ? { granted: true }
      : { granted: false, missing: missing.map((scope) => ({ scope, on: "token" as const })) }
  },
})

export const aGuard = (options: Partial<GuardOptions<Scope>> = {}) =>
  Guard.make({ tokens: tokensThat(), realm: "treasures", problemBase, ...options })

/** A request with these header lines. */
export const requestWith = (
  lines: Readonly<Record<string, ReadonlyArray<string>>>,
  address?: string,
): GuardedRequest => ({
  headerValues: (name) => lines[name] ?? [],
  address,
})
