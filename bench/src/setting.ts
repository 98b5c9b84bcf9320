/** What all comparisons share: one token with one scope. */
import { ScopeCatalogue } from "@tokenry/core"

export const scopes = ScopeCatalogue.make({ "treasure:read": "See treasures" })
export const requirement = { scopes: ["treasure:read"] } as const
export const request = { ownedBy: "user-1", name: "bench", scopes: ["treasure:read"], expiresIn: "90 days" } as const
