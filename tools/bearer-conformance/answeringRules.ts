/** Responses once the credentials have been read: scopes, methods, order, caches, outages. */
import {
  accepted,
  credentialsRequired,
  type ExpectedAnswer,
  lacksScope,
  malformed,
  namingScopes,
  realm,
  refused,
  type Rule,
} from "./Rule.ts"

const good = "Authorization: Bearer {good}"

const otherSpelling = (path: string, answer: ExpectedAnswer): Rule => ({
  source: "RFC 3986 §6.2",
  rule: `another spelling of a path, ${path}: guarded as well`,
  request: [`GET ${path} HTTP/1.1`],
  answer,
})

export const scopeRules: ReadonlyArray<Rule> = [
  ["a token with one of two scopes", "good"],
  ["a token with no scope", "powerless"],
].map(([rule, token]) => ({
  source: "RFC 6750 §3.1",
  rule: `${rule}: every required scope, not only the missing ones`,
  request: ["GET /hoard HTTP/1.1", `Authorization: Bearer {${token}}`],
  answer: lacksScope,
}))

export const methodRules: ReadonlyArray<Rule> = [
  {
    source: "RFC 6750 §3.1",
    rule: "a token with all scopes",
    request: ["GET /hoard HTTP/1.1", "Authorization: Bearer {powerful}"],
    answer: accepted("user-1"),
  },
  {
    source: "RFC 6750 §3",
    rule: "no credentials where scopes are required",
    request: ["GET /hoard HTTP/1.1"],
    answer: namingScopes(credentialsRequired),
  },
  {
    source: "RFC 6750 §3",
    rule: "a refused token where scopes are required",
    request: ["GET /hoard HTTP/1.1", "Authorization: Bearer {revoked}"],
    answer: namingScopes(refused),
  },
  ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"].map((method) => ({
    source: "RFC 9110 §9.1",
    rule: `${method} without credentials, as any method`,
    request: [`${method} / HTTP/1.1`],
    answer: credentialsRequired,
  })),
  { source: "RFC 9110 §9.3.2", rule: "HEAD with a token", request: ["HEAD / HTTP/1.1", good], answer: accepted("") },
  {
    source: "RFC 9110 §9.3.2",
    rule: "HEAD without credentials",
    request: ["HEAD / HTTP/1.1"],
    answer: {
      status: 401,
      challenge: `Bearer realm="${realm}"`,
      cacheControl: "no-store",
      vary: "Authorization",
      text: "",
    },
  },
  {
    source: "Fetch §4.8",
    rule: "a preflight request needs no token",
    request: [
      "OPTIONS / HTTP/1.1",
      "Origin: https://app.example.test",
      "Access-Control-Request-Method: GET",
      "Access-Control-Request-Headers: authorization",
    ],
    answer: { status: 204, challenge: null, headers: { "access-control-allow-headers": "authorization" } },
  },
  {
    source: "Fetch §3.3.2",
    rule: "a page of another origin can read the refusal",
    request: ["GET / HTTP/1.1", "Origin: https://app.example.test"],
    answer: {
      ...credentialsRequired,
      headers: {
        "access-control-allow-origin": "https://app.example.test",
        "access-control-expose-headers": "WWW-Authenticate",
      },
    },
  },
]

const stalling = (who: string, fields: ReadonlyArray<string>, answer: ExpectedAnswer): Rule => ({
  source: "RFC 9110 §7.5",
  rule: `${who}, and a body that never comes: the response doesn't wait for it, and the connection ends`,
  request: ["POST / HTTP/1.1", ...fields, "Content-Length: 100000"],
  staysOpen: true,
  answer,
})

export const orderRules: ReadonlyArray<Rule> = [
  stalling("without credentials", [], credentialsRequired),
  stalling("with a refused token", ["Authorization: Bearer {revoked}"], refused),
  stalling("with malformed credentials", ["Authorization: Bearer"], malformed),
  {
    ...stalling("without credentials", [], credentialsRequired),
    rule: "without credentials, and a body in chunks that never comes: the same",
    request: ["POST / HTTP/1.1", "Transfer-Encoding: chunked"],
  },
  {
    source: "RFC 9110 §7.5",
    rule: "without credentials, and a huge body: the response can be read",
    request: ["POST / HTTP/1.1"],
    body: "{a×8000000}",
    staysOpen: true,
    answer: credentialsRequired,
  },
  {
    source: "RFC 9110 §15.5.5",
    rule: "an unknown path, without credentials: 401, not 404",
    request: ["GET /nowhere HTTP/1.1"],
    answer: credentialsRequired,
  },
  {
    source: "RFC 9110 §15.5.5",
    rule: "an unknown path, with a token",
    request: ["GET /nowhere HTTP/1.1", good],
    answer: { status: 404, challenge: null, vary: "Authorization", problem: "not-found" },
  },
  ...["//", "/%2e%2e/", "/hoard/", "/HOARD"].map((path) => otherSpelling(path, credentialsRequired)),
  ...["/%68oard", "/hoard?access_token=x"].map((path) => otherSpelling(path, namingScopes(credentialsRequired))),
]

export const cachingRules: ReadonlyArray<Rule> = [
  {
    source: "RFC 9110 §13.1.2",
    rule: "a caller's own validator",
    request: ["GET / HTTP/1.1", good, 'If-None-Match: "user-1"'],
    answer: { status: 304, challenge: null, vary: "Authorization", text: "" },
  },
  {
    source: "RFC 9110 §13.1.2",
    rule: "another caller's validator: no 304",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {other}", 'If-None-Match: "user-1"'],
    answer: accepted("user-2"),
  },
  {
    source: "RFC 9110 §13.2.1",
    rule: "a validator without credentials: no 304",
    request: ["GET / HTTP/1.1", 'If-None-Match: "user-1"'],
    answer: credentialsRequired,
  },
  {
    source: "RFC 9110 §13.2.1",
    rule: "any validator without credentials: no 304",
    request: ["GET / HTTP/1.1", "If-None-Match: *"],
    answer: credentialsRequired,
  },
  {
    source: "RFC 9110 §13.2.1",
    rule: "a refused token's own validator: no 304",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {revoked}", 'If-None-Match: "user-1"'],
    answer: refused,
  },
  {
    source: "RFC 9110 §15.6.4",
    rule: "the store can't tell whether the token is good: never 401",
    request: ["GET / HTTP/1.1", "Authorization: Bearer {unverifiable}"],
    answer: {
      status: 503,
      challenge: null,
      cacheControl: "no-store",
      vary: "Authorization",
      problem: "store-unavailable",
      headers: { "retry-after": "5" },
    },
  },
]
