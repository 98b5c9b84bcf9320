/** A token in a form or in the query, where both are switched on: at `/besides`. */
import { accepted, credentialsRequired, type ExpectedAnswer, malformed, refused, type Rule } from "./Rule.ts"

const formType = "Content-Type: application/x-www-form-urlencoded"
const good: ExpectedAnswer = accepted("user-1")
const inQuery: ExpectedAnswer = { ...good, cacheControl: "private" }

const query = (rule: string, query: string, answer: ExpectedAnswer, ...fields: ReadonlyArray<string>): Rule => ({
  source: "RFC 6750 §2.3",
  rule,
  request: [`GET /besides?${query} HTTP/1.1`, ...fields],
  answer,
})

const form = (rule: string, body: string, answer: ExpectedAnswer, ...fields: ReadonlyArray<string>): Rule => ({
  source: "RFC 6750 §2.2",
  rule,
  request: ["POST /besides HTTP/1.1", ...fields],
  body,
  answer,
})

export const besidesRules: ReadonlyArray<Rule> = [
  query("a token in the query: private", "access_token={good}", inQuery),
  query("a token in the query among others", "a=b&access_token={good}&c=d", inQuery),
  query("a refused token in the query", "access_token={revoked}", refused),
  query("no token in the query", "a=b", credentialsRequired),
  query("an empty token in the query", "access_token=", malformed),
  query("a token in the query that is none", "access_token=%22%0d%0a", malformed),
  query("a plus sign, which is a space", "access_token=a+b", malformed),
  query("a long token in the query", "access_token={a×5000}", refused),
  {
    ...query("the parameter twice", "access_token={good}&access_token={good}", malformed),
    source: "RFC 6750 §3.1",
  },
  {
    ...query("a token in header and query", "access_token={good}", malformed, "Authorization: Bearer {good}"),
    source: "RFC 6750 §2",
  },
  query("another scheme besides a token in the query", "access_token={good}", malformed, "Authorization: Basic abc"),
  form("a token in a form", "access_token={good}", good, formType),
  form(
    "the media type in another case, with a parameter",
    "access_token={good}",
    good,
    `${formType.toUpperCase()}; charset=UTF-8`,
  ),
  form("a refused token in a form", "access_token={revoked}", refused, formType),
  form("a form of another media type", "access_token={good}", credentialsRequired, "Content-Type: text/plain"),
  form("a multipart form", "access_token={good}", credentialsRequired, "Content-Type: multipart/form-data; boundary=a"),
  form("a body without a media type", "access_token={good}", credentialsRequired),
  form("a form that is not ASCII", "access_token={good}&a=\u00e9", malformed, formType),
  form("the parameter twice in a form", "access_token={good}&access_token={other}", malformed, formType),
  form("a token in header and form", "access_token={good}", malformed, formType, "Authorization: Bearer {good}"),
  {
    ...form("GET with a form, whose body has no meaning", "access_token={good}", credentialsRequired),
    request: ["GET /besides HTTP/1.1", formType],
  },
  {
    ...form(
      "a form that is larger than 64 KiB",
      "a={a×70000}",
      { status: 413, problem: "content-too-large" },
      formType,
    ),
    source: "RFC 9110 §15.5.14",
  },
]
