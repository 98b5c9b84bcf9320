import { describe, expect, it } from "@effect/vitest"
import { mayHoldToken, type PresentedBearer, type PresentedCredentials, readPresentedBearer } from "@tokenry/http"

const formType = "application/x-www-form-urlencoded"
const form = (body: string, contentType: string | null = formType, method = "POST") => ({ method, contentType, body })
const bearer = (sentIn: "header" | "form" | "query", token = "abc"): PresentedCredentials => ({
  _tag: "Bearer",
  token,
  sentIn,
})
const none: PresentedCredentials = { _tag: "None" }
const invalid = (flaw: (PresentedCredentials & { _tag: "Invalid" })["flaw"]): PresentedCredentials => ({
  _tag: "Invalid",
  flaw,
})

describe("readPresentedBearer", () => {
  it.each<[rule: string, presented: Partial<PresentedBearer>, credentials: PresentedCredentials]>([
    ["nothing anywhere", { query: "", form: form("") }, none],
    ["the header, as readBearer reads it (RFC 6750 §2.1)", { authorization: ["Bearer abc"] }, bearer("header")],
    ["a flaw of the header", { authorization: ["Bearer a,"], query: "a=b" }, invalid("Comma")],
    [
      "a header with a query and a form without token",
      { authorization: ["Bearer abc"], query: "?a=b", form: form("a=b") },
      bearer("header"),
    ],

    ["a token in the query (RFC 6750 §2.3)", { query: "access_token=abc" }, bearer("query")],
    ["a query with its question mark", { query: "?p=q&access_token=abc" }, bearer("query")],
    ["a token in percent-encoding", { query: "access_token=a%2Bb%3d" }, bearer("query", "a+b=")],
    ["a name in percent-encoding", { query: "%61ccess_token=abc" }, bearer("query")],
    ["another name", { query: "Access_token=abc&access-token=abc" }, none],
    ["a plus sign, which is a space", { query: "access_token=a+b" }, invalid("ParameterNotToken68")],
    ["a line break", { query: "access_token=abc%0a" }, invalid("ParameterNotToken68")],
    ["a letter that is not ASCII", { query: "access_token=tök" }, invalid("ParameterNotToken68")],
    ["no token after the name", { query: "access_token" }, invalid("EmptyParameter")],
    [
      "the parameter twice (RFC 6750 §3.1)",
      { query: "access_token=abc&access_token=abc" },
      invalid("SeveralParameters"),
    ],
    ["4096 characters are read", { query: `access_token=${"a".repeat(4096)}` }, bearer("query", "a".repeat(4096))],
    ["4097 characters are not", { query: `access_token=${",".repeat(4097)}` }, { _tag: "TooLong" }],

    ["a token in a form (RFC 6750 §2.2)", { form: form("p=q&access_token=abc") }, bearer("form")],
    ["a form by PUT", { form: form("access_token=abc", formType, "PUT") }, bearer("form")],
    ["GET must not be used (RFC 6750 §2.2)", { form: form("access_token=abc", formType, "GET") }, none],
    [
      "nor may DELETE, whose body has no meaning (RFC 9110 §9.3.5)",
      { form: form("access_token=abc", formType, "DELETE") },
      none,
    ],
    ["another media type", { form: form("access_token=abc", "application/json") }, none],
    ["no media type", { form: form("access_token=abc", null) }, none],
    ["a form of several parts", { form: form("access_token=abc", "multipart/form-data; boundary=a") }, none],
    ["a form that is not ASCII, if it has a token", { form: form("access_token=abc&p=é") }, invalid("FormNotAscii")],
    ["a form that is not ASCII, without a token", { form: form("p=é") }, none],
    ["the parameter twice in a form", { form: form("access_token=abc&access_token=") }, invalid("SeveralParameters")],

    [
      "header and query (RFC 6750 §2)",
      { authorization: ["Bearer abc"], query: "access_token=abc" },
      invalid("SeveralWays"),
    ],
    ["header and form", { authorization: ["Bearer abc"], form: form("access_token=abc") }, invalid("SeveralWays")],
    ["form and query", { form: form("access_token=abc"), query: "access_token=abc" }, invalid("SeveralWays")],
    [
      "another scheme and the query",
      { authorization: ["Basic abc"], query: "access_token=abc" },
      invalid("SeveralWays"),
    ],
  ])("%s", (_rule, presented, credentials) => {
    expect(readPresentedBearer({ authorization: [], ...presented })).toEqual(credentials)
  })

  it("takes time linear in the length of a form", () => {
    const timeFor = (length: number) => {
      const started = performance.now()
      readPresentedBearer({ authorization: [], form: form("access_token=".repeat(length)) })
      readPresentedBearer({ authorization: [], form: form(`access_token=${"%".repeat(length)}`) })
      return performance.now() - started
    }
    timeFor(10_000)
    expect(timeFor(200_000)).toBeLessThan(2000)
  })
})

describe("mayHoldToken", () => {
  it.each([
    ["POST", "application/x-www-form-urlencoded", true],
    ["post", " Application/X-WWW-Form-Urlencoded ; charset=utf-8", true],
    ["POST", "application/x-www-form-urlencoded2", false],
    ["POST", "text/application/x-www-form-urlencoded", false],
    ["POST", "application/json, application/x-www-form-urlencoded", false],
    ["POST", undefined, false],
    ["HEAD", "application/x-www-form-urlencoded", false],
  ])("%s with %s: %s (RFC 6750 §2.2)", (method, contentType, expected) => {
    expect(mayHoldToken({ method, contentType })).toBe(expected)
  })
})
