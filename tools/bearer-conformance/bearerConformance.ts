/** The suite: every rule, sent as bytes to a server that the binding under test makes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ConformingApp } from "./ConformingApp.ts"
import { expectAnswer, expectSoundness } from "./expectAnswer.ts"
import { fuzzOverSockets } from "./fuzzOverSockets.ts"
import { refusalRules } from "./refusalRules.ts"
import { problemBase, realm, type Rule } from "./Rule.ts"
import { ruleGroups } from "./ruleGroups.ts"
import { openSentTokens, type SentTokens, written } from "./sentTokens.ts"
import { exchange, requestTimeout, serve } from "./wire.ts"

/** Milliseconds in which an answer comes that does not wait for a body, on a busy machine. */
const promptly = requestTimeout / 2

/** Registers the tests. `readsBesides` says whether the binding reads tokens in forms and in the query. */
export const bearerConformance = (app: ConformingApp, { readsBesides }: { readonly readsBesides: boolean }): void => {
  let sent: SentTokens
  let server: Awaited<ReturnType<typeof serve>>

  beforeAll(async () => {
    sent = await openSentTokens()
    server = await serve(app({ tokens: sent.tokens, realm, problemBase }))
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await sent.tokens.close()
  })

  const ask = (request: Rule["request"], sending: Sending = {}) =>
    exchange(server.port, bytesOf(request, sending, sent.plaintexts))
  const secrets = () => Object.values(sent.plaintexts)

  const groups = ruleGroups.filter(({ besides }) => besides !== true || readsBesides)
  describe.each(groups.map(({ title, rules }) => [title, rules] as const))("%s", (_title, rules) => {
    it.concurrent.each(rules.map((rule) => [rule.rule, rule.source, rule] as const))(
      "%s (%s)",
      async (...[, , rule]) => {
        const answer = await ask(rule.request, rule)
        expectAnswer(answer, rule.answer)
        expectSoundness(answer, secrets())
        expect(answer.answeredAfter).toBeLessThan(rule.staysOpen === true ? promptly : Number.POSITIVE_INFINITY)
      },
    )
  })

  it("every refused token gets the same bytes (RFC 6750 §3.1)", async () => {
    const answers = await Promise.all(refusalRules.map(({ request }) => ask(request)))
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
  })

  it("HEAD has the headers of GET (RFC 9110 §9.3.2)", async () => {
    for (const fields of [[], ["Authorization: Bearer {revoked}"], ["Authorization: Bearer"]]) {
      const [get, head] = [await ask(["GET / HTTP/1.1", ...fields]), await ask(["HEAD / HTTP/1.1", ...fields])]
      expect(head.bytes).toBe(get.bytes.slice(0, get.bytes.indexOf("\r\n\r\n") + 4))
    }
  })

  it("5,000 generated Authorization fields are answered as the grammar says (RFC 9110 §11.4)", async () => {
    await fuzzOverSockets(server.port, sent.plaintexts.good)
  })
}

type Sending = Pick<Rule, "body" | "staysOpen">

const bytesOf = (
  [requestLine = "", ...fields]: Rule["request"],
  { body = "", staysOpen }: Sending,
  plaintexts: SentTokens["plaintexts"],
): string => {
  const content = written(body, plaintexts)
  const head = [requestLine, "Host: 127.0.0.1", ...fields]
  if (staysOpen !== true) head.push("Connection: close")
  if (content !== "") head.push(`Content-Length: ${content.length}`)
  return `${head.map((line) => written(line, plaintexts)).join("\r\n")}\r\n\r\n${content}`
}
