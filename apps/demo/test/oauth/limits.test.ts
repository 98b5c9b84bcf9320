/** OAuth's endpoints under too many requests, or without a store: they answer OAuth's errors, and when to retry. */
import { tokenExchangeGrant } from "@tokenry/jwt"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { Proxy } from "../../../../tools/faulty-network/Proxy.ts"
import { type Demo, startDemo } from "../../src/Demo.ts"
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

  it("with one token get 429 from the exchange, whatever their address", async () => {
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

describe.each(servers)("%s", (_, kind, address, aUrl) => {
  const open = async () => {
    const proxy = await Proxy.start(address())
    onTestFinished(() => proxy.refuse())
    const log: Array<string> = []
    const configuration = { ...local, store: { kind, url: await aUrl(proxy.host) } }
    const demo = await startDemo(configuration, { writeLog: (line) => log.push(line) })
    onTestFinished(() => demo.stop())
    const person = await Person.signedIn(demo.publicUrl, "owner")
    const app = await App.registered(demo.publicUrl)
    const granted = await app.redeem(await app.letInBy(person))
    const comesBack = async () => {
      await proxy.accept()
      await expect.poll(() => new Client(demo.publicUrl).get("/readyz")).toMatchObject({ status: 200 })
    }
    const refreshing = {
      grant_type: "refresh_token",
      client_id: app.client.client_id,
      refresh_token: granted.refresh_token ?? "",
    }
    return { demo, log, proxy, comesBack, person, app, token: granted.access_token, refreshing }
  }

  it("while it is down, every endpoint answers 503 and logs why, and no code or refresh token is consumed", async () => {
    const { demo, log, proxy, comesBack, person, app, token, refreshing } = await open()
    const returned = await app.letInBy(person)
    const code = returned.at.searchParams.get("code") ?? ""
    const basic = `Basic ${btoa("app:secret")}`
    const redeeming = {
      grant_type: "authorization_code",
      client_id: app.client.client_id,
      code,
      code_verifier: returned.verifier,
      redirect_uri: redirectUri,
    }
    const requests: ReadonlyArray<[path: string, fields: Fields, authorization?: string]> = [
      ["/oauth/token", exchanging(token)],
      ["/oauth/token", redeeming],
      ["/oauth/token", refreshing],
      ["/oauth/register", {}],
      ["/oauth/introspect", { token }, `Bearer ${token}`],
      ["/oauth/introspect", { token }, basic],
      ["/oauth/revoke", { token }],
      ["/oauth/revoke", { token }, basic],
    ]
    await proxy.refuse()
    const answers = await Promise.all(requests.map((request) => send(demo, ...request)))
    for (const answer of answers) expectRefusal(answer, 503)
    expect(log).toHaveLength(requests.length)
    for (const line of log) expect(line).toMatch(/The token store is unavailable|Outage/)
    await comesBack()
    for (const fields of [redeeming, refreshing]) {
      expect(await send(demo, "/oauth/token", fields)).toMatchObject({ status: 200, body: { scope: "treasure:read" } })
    }
  })

  it("goes down in the middle of a refresh, and the app repeats it", async () => {
    const { demo, proxy, comesBack, refreshing } = await open()
    const { oauthRecords } = demo.store
    const { put } = oauthRecords
    const writing = vi.spyOn(oauthRecords, "put").mockImplementation(async (record, now) => {
      await put(record, now)
      if (record.kind === "RefreshToken") await proxy.refuse()
    })
    expectRefusal(await send(demo, "/oauth/token", refreshing), 503)
    writing.mockRestore()
    await comesBack()
    const { status, body } = await send(demo, "/oauth/token", refreshing)
    expect(status).toBe(200)
    expect((await new Client(demo.publicUrl).withToken(body.access_token).get("/api/me")).status).toBe(200)
  })
})
