/** What OAuth's endpoints answer when there are too many requests, or the store is away: OAuth's errors, and when to try again. */
import { tokenExchangeGrant } from "@tokenry/jwt"
import { describe, expect, it, onTestFinished } from "vitest"
import { Proxy } from "../../../../tools/faulty-network/Proxy.ts"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { demoOn, local } from "../demos.ts"
import { aMongoUrl, mongoAddress, withoutMongodb } from "../mongodb.ts"
import { aPostgresUrl, postgresAddress, withoutPostgres } from "../postgres.ts"
import { App, Person, redirectUri } from "./App.ts"

type Fields = Readonly<Record<string, string>>

const send = async (demo: Demo, path: string, fields: Fields, authorization?: string) => {
  const client = new Client(demo.publicUrl, authorization === undefined ? {} : { Authorization: authorization })
  const form = "application/x-www-form-urlencoded"
  return path === "/oauth/register"
    ? client.post(path, { redirect_uris: [redirectUri], token_endpoint_auth_method: "none" })
    : client.send("POST", path, new URLSearchParams(fields).toString(), form)
}

const exchanging = (token: string): Fields => ({
  grant_type: tokenExchangeGrant,
  subject_token: token,
  subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  audience: local.audiences[0],
})

const expectRefusal = ({ status, headers, body }: Awaited<ReturnType<typeof send>>, expected: number) => {
  expect([status, headers.get("Content-Type")?.split(";")[0], headers.get("Cache-Control"), body]).toEqual([
    expected,
    "application/json",
    "no-store",
    { error: "temporarily_unavailable", error_description: expect.any(String) },
  ])
  expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0)
}

describe("too many requests", () => {
  const aDemo = async () => {
    const demo = await demoOn({ kind: "memory" }, { rateLimit: 3 })
    onTestFinished(() => demo.stop())
    return demo
  }

  it.each<[string, Fields]>([
    ["/oauth/token", { grant_type: "refresh_token", refresh_token: "unknown" }],
    ["/oauth/token", exchanging("tcp_unknown")],
    ["/oauth/register", {}],
    ["/oauth/revoke", { token: "tcp_unknown" }],
  ])("at %s with %j get 429", async (path, fields) => {
    const demo = await aDemo()
    for (let count = 0; count < 3; count++) expect((await send(demo, path, fields)).status).not.toBe(429)
    expectRefusal(await send(demo, path, fields), 429)
  })

  it("with one token get 429 from the exchange, wherever they come from", async () => {
    const demo = await aDemo()
    const owner = await Client.signedIn(demo.publicUrl, "owner")
    const { plaintext } = await owner.issue()
    for (let count = 0; count < 3; count++) await owner.withToken(plaintext).get("/api/me")
    expectRefusal(await send(demo, "/oauth/token", exchanging(plaintext)), 429)
  })
})

const servers = [
  ...(withoutMongodb ? [] : [["MongoDB", "mongodb", mongoAddress, aMongoUrl] as const]),
  ...(withoutPostgres ? [] : [["PostgreSQL", "postgres", postgresAddress, aPostgresUrl] as const]),
]

it.each(servers)("while %s is away, every endpoint is 503, and nothing is used up", async (_, kind, address, aUrl) => {
  const proxy = await Proxy.start(address())
  onTestFinished(() => proxy.refuse())
  const demo = await demoOn({ kind, url: await aUrl(proxy.host) })
  onTestFinished(() => demo.stop())
  const person = await Person.signedIn(demo.publicUrl, "owner")
  const app = await App.registered(demo.publicUrl)
  const granted = await app.redeem(await app.letInBy(person))
  const returned = await app.letInBy(person)
  const { client_id: clientId } = app.client
  const [code, refreshToken] = [returned.at.searchParams.get("code") ?? "", granted.refresh_token ?? ""]
  const token = granted.access_token
  const basic = `Basic ${btoa("app:secret")}`

  await proxy.refuse()
  const redeeming = { code, code_verifier: returned.verifier, redirect_uri: redirectUri }
  const requests: ReadonlyArray<[path: string, fields: Fields, authorization?: string]> = [
    ["/oauth/token", exchanging(token)],
    ["/oauth/token", { grant_type: "authorization_code", client_id: clientId, ...redeeming }],
    ["/oauth/token", { grant_type: "refresh_token", client_id: clientId, refresh_token: refreshToken }],
    ["/oauth/register", {}],
    ["/oauth/introspect", { token }, `Bearer ${token}`],
    ["/oauth/introspect", { token }, basic],
    ["/oauth/revoke", { token }],
    ["/oauth/revoke", { token }, basic],
  ]
  for (const answer of await Promise.all(requests.map((request) => send(demo, ...request)))) expectRefusal(answer, 503)

  await proxy.accept()
  await expect.poll(() => new Client(demo.publicUrl).get("/readyz")).toMatchObject({ status: 200 })
  expect((await app.redeem(returned)).scope).toBe("treasure:read")
  expect((await app.refresh(refreshToken)).scope).toBe("treasure:read")
})
