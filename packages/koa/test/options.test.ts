/** Every option that is misspelt, missing or of the wrong type is an error that names it, when the middleware is made. */
import { RateLimits } from "@tokenry/http"
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/koa"
import { goodMetadata, refusesWrongOptions, wrongValues } from "../../../tools/bearer-conformance/wrongOptions.ts"
import { openTokens } from "./server.ts"

const problemBase = "https://api.example.test/problems/"
const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
const limits = RateLimits.make({ onError: () => {} })
const { callback, guard, bodyTimeout } = wrongValues

refusesWrongOptions("bearer", bearer, {
  good: async () => ({
    tokens: await openTokens(),
    realm: "treasures",
    problemBase,
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    onDenied: () => {},
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, problemBase: wrongValues.problemBase, onDenied: callback },
})

refusesWrongOptions("introspection", introspection, {
  good: async () => ({
    tokens: await openTokens(),
    realm: "treasures",
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    scopeForAll: "treasure:delete" as const,
    path: null,
    bodyTimeout: "5 seconds" as const,
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, bodyTimeout, path: [7, "oauth/revoke", "", {}], scopeForAll: wrongValues.scopeForAll },
})

refusesWrongOptions("revocation", revocation, {
  good: async () => ({ tokens: await openTokens(), limits, path: "/revoke", bodyTimeout: "5 seconds" as const }),
  required: ["tokens"],
  wrong: { ...wrongValues.revocation, bodyTimeout, path: [7, "oauth/revoke", "", {}] },
})

refusesWrongOptions("problemDetails", problemDetails, {
  good: () => ({ problemBase, onError: () => {} }),
  required: [],
  wrong: { problemBase: wrongValues.problemBase, onError: callback },
})

refusesWrongOptions("protectedResourceMetadata", protectedResourceMetadata, {
  good: goodMetadata,
  required: ["resource", "scopes"],
  wrong: wrongValues.metadata,
})
