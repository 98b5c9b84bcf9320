/** The suite: sends every rule's request as bytes to a server of the adapter under test. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { AppOptions, ConformingApp } from "./ConformingApp.ts"
import { dpop } from "./dpopRules.ts"
import { expectAnswer, expectSoundness } from "./expectAnswer.ts"
import { fuzzOverSockets } from "./fuzzOverSockets.ts"
import { refusalRules } from "./refusalRules.ts"
import { problemBase, realm, type Rule } from "./Rule.ts"
import { ruleGroups } from "./ruleGroups.ts"
import { openSentTokens, type SentTokens, written } from "./sentTokens.ts"
import { exchange, serve } from "./wire.ts"

/** Registers the tests. */
export const bearerConformance = (app: ConformingApp): void => {
  let sent: SentTokens
  let plain: Server

  beforeAll(async () => {
    sent = await openSentTokens()
    plain = await served({})
  })
  afterAll(async () => {
    await plain[Symbol.asyncDispose]()
    await sent.tokens.close()
  })

  const served = async (options: Partial<AppOptions>): Promise<Server> =>
    serve(await app({ tokens: sent.tokens, realm, problemBase, ...options }))
  const ask = (request: Rule["request"], sending: Sending = {}, { port } = plain) =>
    exchange(port, bytesOf(request, sending, sent.plaintexts))
  const secrets = () => Object.values(sent.plaintexts)

  describe.concurrent.each(ruleGroups.map((group) => [group.title, group] as const))(
    "%s",
    (_title, { rules, options }) => {
      let server: Server
      beforeAll(async () => {
        server = options === undefined ? plain : await served(options)
      })
      afterAll(async () => {
        if (server !== plain) await server[Symbol.asyncDispose]()
      })

      it.concurrent.each(rules.map((rule) => [rule.rule, rule.source, rule] as const))(
        "%s (%s)",
        async (...[, , rule]) => {
          const answer = await ask(rule.request, rule, server)
          expectAnswer(answer, rule.answer)
          expectSoundness(answer, secrets())
        },
      )
    },
  )

  it("every refused token gets the same bytes (RFC 6750 §3.1)", async () => {
    const answers = await Promise.all(refusalRules.map(({ request }) => ask(request)))
    expect(new Set(answers.map(({ bytes }) => bytes)).size).toBe(1)
  })

  it("a proof that is sent twice is accepted once (RFC 9449 §11.1)", async () => {
    await using server = await served({ dpop })
    const request = ["GET / HTTP/1.1", "Authorization: DPoP {bound}", "DPoP: {proof sent twice}"]
    expect(await ask(request, {}, server)).toMatchObject({ status: 200 })
    const replay = await ask(request, {}, server)
    expect(replay.headers.get("www-authenticate")?.[0]).toContain('error="invalid_dpop_proof"')
    expect(replay).toMatchObject({ status: 401 })
  })

  it("HEAD has the headers of GET (RFC 9110 §9.3.2)", async () => {
    for (const fields of [[], ["Authorization: Bearer {revoked}"], ["Authorization: Bearer"]]) {
      const [get, head] = [await ask(["GET / HTTP/1.1", ...fields]), await ask(["HEAD / HTTP/1.1", ...fields])]
      expect(head.bytes).toBe(get.bytes.slice(0, get.bytes.indexOf("\r\n\r\n") + 4))
    }
  })

  it("a request that lacks a scope counts once as an insufficient authorization", async () => {
    const before = authorizations()
    expect(await ask(["GET /hoard HTTP/1.1", "Authorization: Bearer {good}"])).toMatchObject({ status: 403 })
    expect(authorizations()).toEqual({ ...before, InsufficientScope: before.InsufficientScope + 1 })
    expect(await ask(["GET /hoard HTTP/1.1", "Authorization: Bearer {powerful}"])).toMatchObject({ status: 200 })
    expect(authorizations()).toEqual({ granted: before.granted + 1, InsufficientScope: before.InsufficientScope + 1 })
  })

  it("1,000 generated Authorization fields are answered as the grammar says (RFC 9110 §11.4)", async () => {
    await fuzzOverSockets(plain.port, sent.plaintexts.good)
  }, 120_000)
}

type Server = Awaited<ReturnType<typeof serve>>

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

/** The counter `tokenry.authorizations`, by outcome. */
const authorizations = () => {
  const counts = { granted: 0, InsufficientScope: 0 }
  for (const { id, attributes, state } of Effect.runSync(Metric.snapshot)) {
    const outcome = attributes?.["outcome"]
    if (id !== "tokenry.authorizations" || !("count" in state)) continue
    if (outcome === "granted" || outcome === "InsufficientScope") counts[outcome] += Number(state.count)
  }
  return counts
}
