/** Bodies over real sockets, after an earlier middleware has done various things to the request. */
import { once } from "node:events"
import { createServer, type IncomingMessage, request } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it, onTestFinished } from "@effect/vitest"
import { type NodeFormOptions, readNodeForm, tokenIn } from "@tokenry/http"

const formType = { "Content-Type": "application/x-www-form-urlencoded" }
const maxLength = 16 * 1024

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  /** Each is written separately; without a length, each is a chunk. */
  readonly body?: ReadonlyArray<string | Uint8Array>
  /** Whether the body ends. */
  readonly ends?: boolean
}

type Before = (message: IncomingMessage) => unknown

/** The form of a request after an earlier middleware, or the error. */
const formAfter = async (before: Before, sent: Sent, options: Partial<NodeFormOptions> = {}): Promise<unknown> => {
  const { headers = formType, body = ["token=tok_1"], ends = true } = sent
  const outcome = Promise.withResolvers<unknown>()
  const server = createServer(async (message, response) => {
    const running = before(message)
    // Without a turn of the event loop, which would lose a listener's data.
    if (running instanceof Promise) await running
    const reading = readNodeForm(message, { parsed: undefined, timeoutMilliseconds: 60_000, ...options })
    outcome.resolve(await reading.then(tokenIn).catch((error: Error) => error.message))
    response.end()
  }).listen(0, "127.0.0.1")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const client = request({ port, host: "127.0.0.1", method: "POST", headers }).on("error", () => {})
  for (const part of body) await new Promise((resolve) => client.write(part, resolve))
  if (ends) client.end()
  else client.flushHeaders()
  return outcome.promise
}

const nothing = () => {}
const token = (value: string) => ({ _tag: "Token", token: value })
const invalid = (flaw: string) => ({ _tag: "Invalid", flaw })

const readAll = async (message: IncomingMessage) => {
  message.resume()
  await once(message, "end")
}

describe("a form that nobody has read", () => {
  it("is read to its end, in however many chunks", async () => {
    expect(await formAfter(nothing, { body: ["tok", "en=t", "ok_1"] })).toEqual(token("tok_1"))
    expect(await formAfter(nothing, { body: [] })).toEqual(invalid("NoToken"))
  })

  it.each([
    ["of exactly the limit", [`token=${"a".repeat(maxLength - 6)}`], token("a".repeat(maxLength - 6))],
    ["of one byte more", [`token=${"a".repeat(maxLength - 5)}`], invalid("TooLarge")],
    ["of one byte more, in small chunks", Array.from({ length: 17 }, () => "a".repeat(964)), invalid("TooLarge")],
    ["of exactly the limit, in small chunks", Array.from({ length: 16 }, () => "a".repeat(1024)), invalid("NoToken")],
  ])("%s", async (_what, body, expected) => {
    expect(await formAfter(nothing, { body })).toEqual(expected)
    const headers = { ...formType, "Content-Length": String(body.join("").length) }
    expect(await formAfter(nothing, { body, headers })).toEqual(expected)
  })

  it.each([
    ["no form", { headers: { "Content-Type": "application/json" } }],
    ["without a type", { headers: {} }],
    ["compressed", { headers: { ...formType, "Content-Encoding": "gzip" } }],
    ["not UTF-8", { body: [Buffer.from("token=\xe9", "latin1")] }],
  ] satisfies ReadonlyArray<[string, Sent]>)("is refused if it is %s", async (_what, sent) => {
    expect(await formAfter(nothing, sent)).toEqual(invalid("NotAForm"))
  })

  it("is refused at once if its declared length is too large", async () => {
    const headers = { ...formType, "Content-Length": "1000000" }
    expect(await formAfter(nothing, { headers, body: [], ends: false })).toEqual(invalid("TooLarge"))
  })

  it.each<[what: string, before: Before]>([
    ["does not come", nothing],
    ["is paused and never resumed", (message) => message.pause()],
  ])("is only awaited until the timeout if it %s", async (_what, before) => {
    const form = await formAfter(before, { body: ["token="], ends: false }, { timeoutMilliseconds: 20 })
    expect(form).toEqual(invalid("TooSlow"))
  })

  it.each<[what: string, end: (message: IncomingMessage) => void]>([
    ["breaks off with an error", (message) => void message.destroy(new Error("reset"))],
    ["is cut off", (message) => void message.destroy()],
    ["reports an error and goes on", (message) => void message.emit("error", new Error("odd"))],
  ])("isn't a form if it %s", async (_what, end) => {
    const before: Before = (message) => void setImmediate(() => end(message))
    expect(await formAfter(before, { body: ["token="], ends: false })).toEqual(invalid("NotAForm"))
  })

  it("isn't a form if it was cut off before", async () => {
    const form = await formAfter((message) => message.destroy(), { body: ["token="], ends: false })
    expect(form).toEqual(invalid("NotAForm"))
  })
})

describe("a form that an earlier middleware listens to", () => {
  it.each([
    ["utf8", token("tök_1")],
    ["utf-8", token("tök_1")],
    ["latin1", token("tök_1")],
    ["binary", token("tök_1")],
    ["hex", invalid("NotAForm")],
    ["base64", invalid("NotAForm")],
    ["utf16le", invalid("NotAForm")],
  ] as const)("is read from its strings, as %s, or refused", async (encoding, expected) => {
    const seen: Array<unknown> = []
    const before: Before = (message) => {
      message.setEncoding(encoding)
      message.on("data", (chunk) => seen.push(typeof chunk))
    }
    // The two bytes of one character, in two chunks.
    const [first, second] = [
      Buffer.from("token=t\u00f6k_1").subarray(0, 8),
      Buffer.from("token=t\u00f6k_1").subarray(8),
    ]
    expect(await formAfter(before, { body: [first, second] })).toEqual(expected)
    expect(new Set(seen)).toEqual(new Set(["string"]))
  })

  it("counts the limit in bytes", async () => {
    const before: Before = (message) => void message.setEncoding("utf8").on("data", () => {})
    const body = [`token=${"ö".repeat(maxLength / 2)}`]
    expect(await formAfter(before, { body })).toEqual(invalid("TooLarge"))
  })
})

describe("a form that an earlier middleware has read", () => {
  it.each<[what: string, parsed: unknown, expected: unknown]>([
    ["a Buffer", Buffer.from("token=tok_1"), token("tok_1")],
    ["an empty Buffer", Buffer.alloc(0), invalid("NoToken")],
    ["a Buffer that isn't UTF-8", Buffer.from("token=\xe9", "latin1"), invalid("NotAForm")],
    ["a URLSearchParams", new URLSearchParams({ token: "tok 1" }), token("tok 1")],
    ["a URLSearchParams with two tokens", new URLSearchParams("token=a&token=b"), invalid("SeveralTokens")],
    ["a string", "token=tok_1", token("tok_1")],
    ["an empty string", "", invalid("NoToken")],
    ["an object", { token: "tok_1" }, token("tok_1")],
    ["an object without a prototype", Object.assign(Object.create(null), { token: "tok_1" }), token("tok_1")],
    ["an object with a list", { token: ["a", "b"] }, invalid("SeveralTokens")],
    ["an empty object, as of an empty body", {}, invalid("NoToken")],
  ])("is found where that middleware left it, as %s", async (_what, parsed, expected) => {
    expect(await formAfter(readAll, {}, { parsed })).toEqual(expected)
  })

  it("is read if a parser of other types left an empty object and an unread body", async () => {
    expect(await formAfter(nothing, {}, { parsed: {} })).toEqual(token("tok_1"))
  })

  it.each<[what: string, before: Before, parsed: unknown]>([
    ["undefined", readAll, undefined],
    ["null", readAll, null],
    ["a number", readAll, 7],
    [
      "half of it unread",
      async (message) => {
        await once(message, "readable")
        message.read(3)
      },
      undefined,
    ],
  ])("is an application error if it was left nowhere: %s", async (_what, before, parsed) => {
    expect(await formAfter(before, {}, { parsed })).toMatch(/^An earlier middleware read the body of this request/)
  })
})
