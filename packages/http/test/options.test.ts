/** Every option that is misspelt, missing or of the wrong type is an error that names it, when something is made with it. */
import { Guard, Introspection, ProblemAnswers, ProtectedResourceMetadata, RateLimits, Revocation } from "@tokenry/http"
import { refusesWrongOptions } from "../../../tools/bearer-conformance/wrongOptions.ts"
import { aRateLimiter } from "./rate-limits/aRateLimiter.ts"
import { openWorld } from "./world.ts"

const problemBase = "https://api.example.test/problems/"
const resourceMetadata = "https://api.example.test/.well-known/oauth-protected-resource"
const limits = RateLimits.make({ perToken: aRateLimiter(1), onError: () => {} })
const text = [7, "", null, {}]
const object = [null, "a", 7, {}]

const protection = {
  realm: [...text, "a\nb"],
  resourceMetadata: [...text, "/metadata"],
  from: [...object, "X-API-Key", { header: "X API" }, { header: "Cookie" }, { header: "X-API-Key", scheme: "Key" }],
  limits: [...object, { perToken: aRateLimiter(1) }],
}

refusesWrongOptions("Guard.make", Guard.make, {
  good: async () => ({
    tokens: (await openWorld()).tokens,
    realm: "treasures",
    problemBase,
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
  }),
  required: ["tokens", "realm"],
  wrong: {
    ...protection,
    tokens: [...object, { verify: () => {}, authorize: () => {} }, Promise.resolve()],
    problemBase: [...text, "/problems/", "https://api.example.test/problems"],
  },
})

refusesWrongOptions("Introspection.make", Introspection.make, {
  good: async () => ({
    tokens: (await openWorld()).tokens,
    realm: "treasures",
    resourceMetadata,
    from: { header: "X-API-Key" },
    limits,
    scopeForAll: "token:introspect" as const,
  }),
  required: ["tokens", "realm"],
  wrong: {
    ...protection,
    tokens: [...object, { verify: () => {}, authorize: () => {}, catalogue: { flawOf: () => {} } }],
    scopeForAll: [...text, ["token:introspect"], "token:inspect"],
  },
})

refusesWrongOptions("Revocation.make", Revocation.make, {
  good: async () => ({ tokens: (await openWorld()).tokens, limits }),
  required: ["tokens"],
  wrong: { tokens: [...object, { inspect: () => {} }], limits: protection.limits },
})

const limiter = [null, "a", () => {}, {}, { consume: "a" }]

refusesWrongOptions("RateLimits.make", RateLimits.make, {
  good: () => ({
    perToken: aRateLimiter(1),
    perOwner: aRateLimiter(1),
    failedPerAddress: aRateLimiter(1),
    whenUnavailable: "refuse" as const,
    onError: () => {},
    capacity: 10,
    now: () => 0,
  }),
  required: ["onError"],
  wrong: {
    perToken: limiter,
    perOwner: limiter,
    failedPerAddress: limiter,
    whenUnavailable: ["deny", true, null],
    onError: ["log", {}, null],
    capacity: [0, -1, 1.5, "10", Number.NaN, null],
    now: [0, null, {}],
  },
})

refusesWrongOptions("ProtectedResourceMetadata.make", ProtectedResourceMetadata.make, {
  good: () => ({
    resource: "https://api.example.test",
    scopes: ["treasure:read"],
    authorizationServers: ["https://login.example.test"],
    name: "Treasures",
    documentation: "https://api.example.test/docs",
  }),
  required: ["resource", "scopes"],
  wrong: {
    resource: [7, null, "api.example.test", ""],
    scopes: ["treasure:read", [7], null, ["a b"]],
    authorizationServers: ["https://login.example.test", [7], null, ["/login"], ["https://login.example.test?a"]],
    name: text,
    documentation: [...text, "docs"],
  },
})

refusesWrongOptions("ProblemAnswers.make", ProblemAnswers.make, {
  good: () => ({ problemBase }),
  required: [],
  wrong: { problemBase: [...text, "problems/"] },
})
