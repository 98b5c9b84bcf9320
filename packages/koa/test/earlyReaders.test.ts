/** Forms that an earlier middleware has read or listens to, in a process that an escaped exception would end. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, it, onTestFinished } from "@effect/vitest"

/** The server, and its output. */
const start = async () => {
  const script = new URL("earlyReaderServer.ts", import.meta.url).pathname
  const child = spawn(process.execPath, ["--conditions=@tokenry/source", script], { stdio: ["ignore", "pipe", "pipe"] })
  onTestFinished(() => void child.kill())
  const output: Array<string> = []
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(String(chunk)))
  await Promise.race([once(child.stdout, "data"), once(child, "exit")])
  const url = `http://127.0.0.1:${Number(output.join("").trim())}`
  return { child, output, url }
}

it("each is read or refused clearly, the process survives, and prints no token", async () => {
  const { child, output, url } = await start()
  const issued: Array<string> = []
  const statuses: Record<string, ReadonlyArray<unknown>> = {}
  for (const name of ["strings", "hex", "buffer", "parameters", "text", "fields", "nowhere", "error", "paused"]) {
    const token = await (await fetch(`${url}/issue`)).text()
    issued.push(token)
    const path = name === "paused" ? "/impatient" : "/oauth/revoke"
    const body = new URLSearchParams({ token })
    const response = await fetch(url + path, { method: "POST", headers: { "X-Case": name }, body })
    expect(await response.text()).not.toContain(token)
    const accepted = await (await fetch(`${url}/verify`, { headers: { "X-Token": token } })).text()
    statuses[name] = [response.status, accepted]
  }
  expect(statuses).toEqual({
    strings: [200, "false"],
    hex: [400, "true"],
    buffer: [200, "false"],
    parameters: [200, "false"],
    text: [200, "false"],
    fields: [200, "false"],
    nowhere: [500, "true"],
    error: [400, "true"],
    paused: [408, "true"],
  })
  expect(child.exitCode).toBeNull()
  const printed = output.join("")
  expect(printed).toContain("An earlier middleware read the body")
  // Not even a recognisable part of one.
  for (const token of issued) expect(printed).not.toContain(token.slice(0, 12))
})
