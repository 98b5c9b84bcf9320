/** What must hold of a load, whatever went wrong meanwhile. */
import { expect } from "vitest"
import { Client } from "./Client.ts"
import type { DemoProcess } from "./demoProcess.ts"
import type { Load } from "./Load.ts"

/**
 * Each request was answered with success or 503. What was acknowledged is there and works, nothing is there
 * twice, and nothing that looks like a token was printed but for the one curl line.
 */
export const expectSoundness = async (load: Load, demo: DemoProcess): Promise<void> => {
  const seen = new Set(load.outcomes.map(({ kind, status }) => `${kind} ${status}`))
  expect(["verify 200", "issue 201", "verify 503", "issue 503"]).toEqual(expect.arrayContaining([...seen]))
  const issued = load.outcomes.filter(({ status }) => status === 201)
  const stored = (await load.namesInStore()).filter((name) => name.startsWith("issued "))
  expect(new Set(stored).size).toBe(stored.length)
  expect(issued.filter(({ name }) => !stored.includes(name))).toEqual([])
  for (const { plaintext } of issued.slice(-20)) {
    expect(await new Client(demo.url).withToken(plaintext).get("/api/me")).toMatchObject({ status: 200 })
  }
  expect(/tcp_\w{20}/.test(demo.output().replace(/^.*curl.*$/m, ""))).toBe(false)
}
