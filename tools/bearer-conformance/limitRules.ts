/** Rate limits: guards with `limits`, where one owner and one address have nothing left. */
import { type Consumption, RateLimits } from "@tokenry/http"
import { accepted, type ExpectedAnswer, lacksScope, type Rule } from "./Rule.ts"

const consumption = (allowed: boolean): Consumption => ({
  _tag: "Consumed",
  allowed,
  remaining: allowed ? 5 : 0,
  resetSeconds: 30,
  limit: 10,
  windowSeconds: 60,
})

/** Limits that user-2 and 127.0.0.1 have exceeded, and nobody else ever will. */
export const limits = RateLimits.make({
  perOwner: { consume: async (key) => consumption(key !== "owner:user-2") },
  failedPerAddress: { consume: async (key) => consumption(key !== "address:127.0.0.1") },
  onError: (cause) => {
    throw cause
  },
})

const within = { "ratelimit-policy": '"owner";q=10;w=60', ratelimit: '"owner";r=5;t=30' }

const tooMany = (policy: string): ExpectedAnswer => ({
  status: 429,
  challenge: null,
  cacheControl: "no-store",
  vary: "Authorization",
  problem: "too-many-requests",
  headers: {
    "retry-after": "30",
    "ratelimit-policy": `"${policy}";q=10;w=60`,
    ratelimit: `"${policy}";r=0;t=30`,
  },
})

export const limitRules: ReadonlyArray<Rule> = [
  {
    source: "RateLimit fields §4",
    rule: "a token of an owner within their limit",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {good}"],
    answer: { ...accepted("user-1"), headers: within },
  },
  {
    source: "RateLimit fields §4",
    rule: "a token without the scopes, of an owner within their limit",
    request: ["GET /hoard HTTP/1.1", "Authorization: Bearer {good}"],
    answer: { ...lacksScope, headers: within },
  },
  {
    source: "RFC 6585 §4",
    rule: "a token of an owner beyond their limit",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {other}"],
    answer: tooMany("owner"),
  },
  {
    source: "RFC 6585 §4",
    rule: "a refused token from an address without attempts left",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {revoked}"],
    answer: tooMany("failed"),
  },
]
