/** What a thief of the database's file would find of OAuth: hashes. */
import { readFileSync } from "node:fs"
import { expect, it, onTestFinished } from "vitest"
import { aSqliteFile, demoOn } from "../demos.ts"
import { App, Person } from "./App.ts"

it("the database contains no plaintext token, code, refresh token, session or client secret", async () => {
  const store = aSqliteFile()
  if (store.kind !== "sqlite") throw new Error("This is about files")
  const demo = await demoOn(store)
  onTestFinished(() => demo.stop())
  const app = await App.registered(demo.publicUrl, { token_endpoint_auth_method: "client_secret_basic" })
  const person = await Person.signedIn(demo.publicUrl, "owner")
  const returned = await app.letInBy(person)
  const code = returned.at.searchParams.get("code") ?? ""
  const first = await app.redeem(returned)
  const second = await app.refresh(first.refresh_token ?? "")
  const secrets = {
    code,
    "access token": first.access_token,
    "refreshed access token": second.access_token,
    "refresh token": first.refresh_token ?? "",
    "the app's secret": String(app.client["client_secret"]),
    ...person.cookies,
  }
  const files = [store.filename, `${store.filename}-wal`].map((file) => readFileSync(file, "latin1"))
  expect(files.join("")).toContain(app.client.client_id)
  expect(Object.keys(secrets)).toEqual(expect.arrayContaining(["tokenry_demo_session", "tokenry_demo_oauth"]))
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(20)
    expect(
      files.some((file) => file.includes(secret)),
      name,
    ).toBe(false)
  }
})
