/** A token in a header of its own, `X-API-Key`, where the guard is made with `from`. */
import { accepted, credentialsRequired, lacksScope, malformed, refused, type Rule, rulesVaryingOn } from "./Rule.ts"

export const keyHeader = "X-API-Key"

const rule = rulesVaryingOn(`Authorization, ${keyHeader}`)

const key = `${keyHeader}: {good}`
const good = accepted("user-1")

export const keyRules: ReadonlyArray<Rule> = [
  rule("Tokenry: other headers", "the key alone", [key], good),
  rule("RFC 9110 §5.1", "the header's name in lower case", ["x-api-key: {good}"], good),
  rule("RFC 9110 §5.5", "blanks at both ends of the key", [`${keyHeader}: \t {good} \t`], good),
  rule("Tokenry: other headers", "a bearer token and no key", ["Authorization: Bearer {good}"], good),
  rule("Tokenry: other headers", "neither", [], credentialsRequired),
  rule("Tokenry: other headers", "a refused key", [`${keyHeader}: {revoked}`], refused),
  rule("Tokenry: size cap", "a value longer than any token", [`${keyHeader}: {a×5000}`], refused),
  rule("RFC 6750 §3.1", "a key without the scopes", [key], lacksScope, "GET /hoard HTTP/1.1"),
  rule("RFC 6750 §3.1", "a key with the scopes", [`${keyHeader}: {powerful}`], good, "GET /hoard HTTP/1.1"),
  rule("Tokenry: other headers", "an empty key", [`${keyHeader}:`], malformed),
  rule("Tokenry: other headers", "a key after a scheme", [`${keyHeader}: Bearer {good}`], malformed),
  rule("Tokenry: other headers", "a key in quotes", [`${keyHeader}: "{good}"`], malformed),
  rule("RFC 9110 §5.3", "the key twice", [key, key], malformed),
  rule("RFC 9110 §5.3", "two keys with a comma", [`${keyHeader}: {good}, {good}`], malformed),
  rule("RFC 6750 §2", "a key and a good token", [key, "Authorization: Bearer {good}"], malformed),
  rule("RFC 6750 §2", "a key and a refused token", [key, "Authorization: Bearer {revoked}"], malformed),
  rule("RFC 6750 §2", "a key and credentials of another scheme", [key, "Authorization: Basic dXNlcg=="], malformed),
  rule("RFC 6750 §2", "a key and a malformed Authorization field", [key, "Authorization: Bearer"], malformed),
  rule("RFC 6750 §2", "a key and an empty Authorization field", [key, "Authorization:"], malformed),
  rule(
    "RFC 6750 §2",
    "a refused key and a good token",
    [`${keyHeader}: {revoked}`, "Authorization: Bearer {good}"],
    malformed,
  ),
]
