/** Every option that is misspelt, missing or of the wrong type is an error that names it, when the handler is made. */
import { RateLimits } from "@tokenry/http"
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/fetch"
import { goodMetadata, refusesWrongOptions, wrongValues } from "../../../tools/bearer-conformance/wrongOptions.ts"
import { openTokens } from "./tokens.ts"

const problemBase = "https://api.example.test/problems/"
const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
const limits = RateLimits.make({ onError: () => {} })
const { callback, guard, bodyTimeout } = wrongValues
const own = { addressOf: () => "192.0.2.1", onError: () => {} }
const wrongOwn = { addressOf: callback, onError: callback }

refusesWrongOptions("bearer", bearer, {
  good: async () => ({
    ...own,
    tokens: await openTokens(),
    realm: "treasures",
    problemBase,
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    onDenied: () => new Response(),
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, ...wrongOwn, problemBase: wrongValues.problemBase, onDenied: callback },
})

refusesWrongOptions("introspection", introspection, {
  good: async () => ({
    ...own,
    tokens: await openTokens(),
    realm: "treasures",
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    scopeForAll: "treasure:delete" as const,
    bodyTimeout: "5 seconds" as const,
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, ...wrongOwn, bodyTimeout, scopeForAll: wrongValues.scopeForAll },
})

refusesWrongOptions("revocation", revocation, {
  good: async () => ({ ...own, tokens: await openTokens(), limits, bodyTimeout: "5 seconds" as const }),
  required: ["tokens"],
  wrong: { ...wrongValues.revocation, ...wrongOwn, bodyTimeout },
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
