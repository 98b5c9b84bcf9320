import { MongoClient } from "mongodb"
import { expect, it, vi } from "vitest"
import { reconnectWhenSilent } from "../src/store/reconnectWhenSilent.ts"
import { aMongoUrl, withoutMongodb } from "./mongodb.ts"
import { Proxy } from "./Proxy.ts"

it.skipIf(withoutMongodb)("a client whose monitor waits for ever finds its server again, however late", async () => {
  const proxy = await Proxy.start()
  const client = new MongoClient(aMongoUrl(proxy.host), {
    connectTimeoutMS: 600_000,
    heartbeatFrequencyMS: 500,
    serverSelectionTimeoutMS: 300,
  })
  let failedAttempts = -1
  client.on("topologyClosed", () => (failedAttempts += 1))
  const stopWatching = reconnectWhenSilent(client)
  const find = () =>
    client
      .db()
      .collection("anything")
      .findOne({}, { signal: AbortSignal.timeout(500) })
  expect(await find()).toBeNull()

  proxy.abandon()
  await vi.waitUntil(() => failedAttempts >= 2, { timeout: 20_000 })
  await expect(find()).rejects.toBeInstanceOf(Error)
  await proxy.accept()
  expect(await vi.waitFor(find, { timeout: 10_000, interval: 100 })).toBeNull()

  stopWatching()
  await client.close()
  await proxy.refuse()
})
