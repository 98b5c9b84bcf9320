/** Header fields that browsers need on every response. */
import { connect } from "node:net"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import type { Demo } from "../src/Demo.ts"
import { Client } from "./Client.ts"
import { demoOn } from "./demos.ts"
import { freePort } from "../../../tools/freePort.ts"

let demo: Demo
beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
})
afterAll(() => demo.stop())

it("every response says that its type is what it says", async () => {
  const owner = await Client.signedIn(demo.publicUrl, "owner")
  const paths = ["/", "/login", "/settings/tokens", "/assets/pages.css", "/docs", "/docs/start.js", "/openapi.json"]
  const others = [
    "/api/me",
    "/healthz",
    "/readyz",
    "/problems/not-found",
    "/nowhere",
    "/oauth/introspect",
    "/assets/no",
  ]
  for (const path of [...paths, ...others]) {
    const { headers } = await owner.get(path)
    expect([path, headers.get("X-Content-Type-Options")]).toEqual([path, "nosniff"])
  }
  const unparsable = await answerTo(demo, "no HTTP\r\n\r\n")
  expect(unparsable).toMatch(/^HTTP\/1\.1 400 .*\r\nX-Content-Type-Options: nosniff\r\n/s)
})

describe.each([
  ["https", "https://treasures.example.com", "max-age=31536000", "same-origin"],
  ["plain http on this machine", "http://localhost:3000", null, "same-origin"],
  ["plain http elsewhere", "http://treasures.example.com", null, null],
])("with a public URL of %s", (_, publicUrl, transport, opener) => {
  it("Strict-Transport-Security and Cross-Origin-Opener-Policy are there where browsers heed them", async () => {
    const port = await freePort()
    const published = await demoOn({ kind: "memory" }, { port, publicUrl })
    onTestFinished(() => published.stop())
    for (const path of ["/login", "/healthz", "/nowhere"]) {
      const { headers } = await new Client(`http://127.0.0.1:${port}`).get(path)
      expect(headers.get("Strict-Transport-Security")).toBe(transport)
      expect(headers.get("Cross-Origin-Opener-Policy")).toBe(opener)
    }
  })
})

/** All that comes back for these bytes. */
const answerTo = async ({ publicUrl }: Demo, bytes: string): Promise<string> => {
  const socket = connect(Number(new URL(publicUrl).port), "127.0.0.1")
  await once(socket, "connect")
  socket.write(bytes)
  return text(socket)
}
