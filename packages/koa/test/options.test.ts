/** Every option that is misspelt, missing or of the wrong type is an error that names it, when the middleware is made. */
import { RateLimits } from "@tokenry/http"
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/koa"
import { refusesWrongOptions } from "../../../tools/bearer-conformance/wrongOptions.ts"
import { openTokens } from "./server.ts"

const problemBase = "https://api.example.test/problems/"
const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
const limits = RateLimits.make({ onError: () => {} })
const text = [7, "", null, {}]
const object = [null, "a", 7, {}]

const guard = {
  tokens: [...object, { verify: () => {} }],
  realm: [...text, "a\nb"],
  resourceMetadata: [...text, "/metadata"],
  from: [...object, { header: "Cookie" }, { header: "X-API-Key", scheme: "Key" }],
  limits: [...object, { onError: () => {} }],
}
const endpoint = {
  path: [7, "oauth/revoke", "", {}],
  bodyTimeout: ["soon", "0 seconds", "11 minutes", "Infinity", null, {}],
}

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
  wrong: { ...guard, problemBase: [...text, "/problems/"], onDenied: [null, "deny", {}] },
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
  wrong: { ...guard, ...endpoint, scopeForAll: [...text, "treasure:delet"] },
})

refusesWrongOptions("revocation", revocation, {
  good: async () => ({ tokens: await openTokens(), limits, path: "/revoke", bodyTimeout: "5 seconds" as const }),
  required: ["tokens"],
  wrong: { ...endpoint, tokens: [...object, { inspect: () => {} }], limits: guard.limits },
})

refusesWrongOptions("problemDetails", problemDetails, {
  good: () => ({ problemBase, onError: () => {} }),
  required: [],
  wrong: { problemBase: [...text, "/problems/"], onError: [null, "log", {}] },
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
    scopes: ["treasure:read", [7], ["a b"], null],
    name: text,
    documentation: [...text, "docs"],
  },
})
