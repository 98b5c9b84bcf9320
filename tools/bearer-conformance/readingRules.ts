/** How credentials are read from the Authorization field. */
import { accepted, credentialsRequired, malformed, refused, type Rule, rulesVaryingOn, unparsable } from "./Rule.ts"

const good = accepted("user-1")

const rule = rulesVaryingOn()

export const readingRules: ReadonlyArray<Rule> = [
  rule("RFC 6750 §2.1", "a token after the scheme", ["Authorization: Bearer {good}"], good),
  rule("RFC 9110 §11.1", "the scheme in lower case", ["Authorization: bearer {good}"], good),
  rule("RFC 9110 §11.1", "the scheme in upper case", ["Authorization: BEARER {good}"], good),
  rule("RFC 9110 §11.1", "the scheme in mixed case", ["Authorization: bEaReR {good}"], good),
  rule("RFC 9110 §5.1", "the field's name in upper case", ["AUTHORIZATION: Bearer {good}"], good),
  rule("RFC 9110 §5.1", "the field's name in lower case", ["authorization: Bearer {good}"], good),
  rule("RFC 9110 §11.4", "several spaces after the scheme", ["Authorization: Bearer     {good}"], good),
  rule("RFC 9110 §5.5", "blanks at both ends of the value", ["Authorization: \t  Bearer {good} \t "], good),
  rule("RFC 9110 §5.6.3", "no blank after the colon", ["Authorization:Bearer {good}"], good),
  rule("RFC 6750 §2.1", "the token in another case", ["Authorization: Bearer {good in upper case}"], refused),
  rule("RFC 6750 §2.1", "all characters of a token", ["Authorization: Bearer azAZ09-._~+/=="], refused),
  rule("RFC 6750 §2.1", "padding after a good token", ["Authorization: Bearer {good}="], refused),
  rule("Tokenry: size cap", "a value longer than any token", ["Authorization: Bearer {a×5000}"], refused),
  rule("RFC 9110 §5.4", "a value near the size limit of a head", ["Authorization: Bearer {a×15000}"], refused),
  rule("RFC 6585 §5", "a value beyond the size limit of a head", ["Authorization: Bearer {a×20000}"], unparsable(431)),

  rule("RFC 6750 §3.1", "no Authorization field", [], credentialsRequired),
  rule("RFC 6750 §3.1", "another scheme", ["Authorization: Basic dXNlcjpwYXNz"], credentialsRequired),
  rule("RFC 6750 §3.1", "another scheme, with a good token", ["Authorization: Token {good}"], credentialsRequired),
  rule(
    "RFC 9110 §11.4",
    "another scheme, with parameters",
    ['Authorization: Digest a="b", c="d"'],
    credentialsRequired,
  ),
  rule("RFC 9110 §11.1", "a scheme that begins like Bearer", ["Authorization: Bearers {good}"], credentialsRequired),
  rule("RFC 9110 §11.4", "a good token without a scheme", ["Authorization: {good}"], credentialsRequired),
  rule("RFC 9110 §11.7.2", "a field for proxies", ["Proxy-Authorization: Bearer {good}"], credentialsRequired),
  rule("RFC 6750 §2.3", "a token in the query", [], credentialsRequired, "GET /?access_token={good} HTTP/1.1"),
  rule("RFC 6750 §2", "a token in a cookie", ["Cookie: access_token={good}"], credentialsRequired),
  {
    source: "RFC 6750 §2.2",
    rule: "a token in a form",
    request: ["POST / HTTP/1.1", "Content-Type: application/x-www-form-urlencoded"],
    body: "access_token={good}",
    answer: credentialsRequired,
  },

  rule("RFC 9110 §5.3", "the field twice", ["Authorization: Bearer {good}", "Authorization: Bearer {good}"], malformed),
  rule(
    "RFC 9110 §5.3",
    "the field twice, from two callers",
    ["Authorization: Bearer {good}", "Authorization: Bearer {other}"],
    malformed,
  ),
  rule(
    "RFC 9110 §5.3",
    "the field twice, then another scheme",
    ["Authorization: Bearer {good}", "Authorization: Basic abc"],
    malformed,
  ),
  rule(
    "RFC 9110 §5.3",
    "the field twice, first another scheme",
    ["Authorization: Basic abc", "Authorization: Bearer {good}"],
    malformed,
  ),
  rule(
    "RFC 9110 §5.3",
    "the same, joined with a comma on the way",
    ["Authorization: Basic abc, Bearer {good}"],
    malformed,
  ),
  rule("RFC 9110 §11.6.2", "two credentials with a comma", ["Authorization: Bearer {good}, Bearer {good}"], malformed),
  rule("RFC 9110 §11.4", "a comma at the end", ["Authorization: Bearer {good},"], malformed),
  rule("RFC 9110 §11.4", "a comma at the beginning", ["Authorization: ,Bearer {good}"], malformed),
  rule("RFC 9110 §11.4", "an empty field", ["Authorization:"], malformed),
  rule("RFC 9110 §11.4", "blanks alone", ["Authorization:  \t "], malformed),
  rule("RFC 6750 §2.1", "the scheme alone", ["Authorization: Bearer"], malformed),
  rule("RFC 6750 §2.1", "the scheme and blanks", ["Authorization: Bearer   "], malformed),
  rule("RFC 9110 §11.4", "a tab after the scheme", ["Authorization: Bearer\t{good}"], malformed),
  rule("RFC 9110 §11.4", "a tab after the space", ["Authorization: Bearer \t{good}"], malformed),
  rule("RFC 6750 §2.1", "a second token", ["Authorization: Bearer {good} {good}"], malformed),
  rule("RFC 6750 §2.1", "quotes", ['Authorization: Bearer "{good}"'], malformed),
  rule("RFC 6750 §2.1", "a parameter", ["Authorization: Bearer token={good}"], malformed),
  rule("RFC 6750 §2.1", "padding before", ["Authorization: Bearer =={good}"], malformed),
  rule("RFC 6750 §2.1", "a percent sign", ["Authorization: Bearer %74{good}"], malformed),
  rule("RFC 9110 §5.5", "a byte that is not ASCII", ["Authorization: Bearer {good}\u00e9"], malformed),
  rule("RFC 9110 §5.5", "a space that is not ASCII", ["Authorization: Bearer\u00a0{good}"], malformed),

  ...[0x00, 0x01, 0x07, 0x08, 0x0b, 0x0c, 0x1b, 0x1f, 0x7f].map((code) =>
    rule(
      "RFC 9110 §5.5",
      `the control character ${code.toString(16).padStart(2, "0")}`,
      [`Authorization: Bearer {good}${String.fromCharCode(code)}`],
      unparsable(400),
    ),
  ),
  rule("RFC 9112 §2.2", "a bare CR", ["Authorization: Bearer {good}\rX"], unparsable(400)),
  rule("RFC 9112 §5.1", "a space before the colon", ["Authorization : Bearer {good}"], unparsable(400)),
]
