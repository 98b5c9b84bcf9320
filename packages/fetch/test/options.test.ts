/** Every option that is misspelt, missing or of the wrong type is an error that names it, when the handler is made. */
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/fetch"
import { RateLimits } from "@tokenry/http"
import { refusesWrongOptions } from "../../../tools/bearer-conformance/wrongOptions.ts"
import { openTokens, problemBase } from "./tokens.ts"

const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
const limits = RateLimits.make({ onError: () => {} })
const text = [7, "", null, {}]
const object = [null, "a", 7, {}]
const callback = [null, "a", {}]

const guard = {
  tokens: [...object, { verify: () => {} }],
  realm: [...text, "a\nb"],
  resourceMetadata: [...text, "/metadata"],
  from: [...object, { header: "Cookie" }, { header: "X-API-Key", scheme: "Key" }],
  limits: [...object, { onError: () => {} }],
  addressOf: callback,
  onError: callback,
}
const bodyTimeout = ["soon", "0 seconds", "11 minutes", "Infinity", null, {}]
const receiving = { addressOf: () => "192.0.2.1", onError: () => {} }

refusesWrongOptions("bearer", bearer, {
  good: async () => ({
    ...receiving,
    tokens: await openTokens(),
    realm: "treasures",
    problemBase,
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    onDenied: () => new Response(),
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, problemBase: [...text, "/problems/"], onDenied: callback },
})

refusesWrongOptions("introspection", introspection, {
  good: async () => ({
    ...receiving,
    tokens: await openTokens(),
    realm: "treasures",
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    scopeForAll: "treasure:delete" as const,
    bodyTimeout: "5 seconds" as const,
  }),
  required: ["tokens", "realm"],
  wrong: { ...guard, bodyTimeout, scopeForAll: [...text, "treasure:delet"] },
})

refusesWrongOptions("revocation", revocation, {
  good: async () => ({ ...receiving, tokens: await openTokens(), limits, bodyTimeout: "5 seconds" as const }),
  required: ["tokens"],
  wrong: {
    bodyTimeout,
    tokens: [...object, { inspect: () => {} }],
    limits: guard.limits,
    addressOf: callback,
    onError: callback,
  },
})

refusesWrongOptions("problemDetails", problemDetails, {
  good: () => ({ problemBase, onError: () => {} }),
  required: [],
  wrong: { problemBase: [...text, "/problems/"], onError: callback },
})

refusesWrongOptions("protectedResourceMetadata", protectedResourceMetadata, {
  good: () => ({
    resource: "https://api.example.test",
    scopes: ["treasure:read"],
    name: "Treasures",
    documentation: "https://api.example.test/docs",
  }),
  required: ["resource", "scopes"],
  wrong: {
    resource: [...text, "/treasures"],
    scopes: ["a", [7], ["a b"], null],
    name: text,
    documentation: [...text, "docs"],
  },
})
