/** A process with a watched client, for a test that freezes it. Prints a line for each event. */
import { reconnectWhenSilent } from "@tokenry/mongodb"
import { MongoClient } from "mongodb"

const [url = "", longestSilence = ""] = process.argv.slice(2)
const client = new MongoClient(url, { heartbeatFrequencyMS: 500, connectTimeoutMS: 10_000 })
const say = (line: string) => void process.stdout.write(`${line}\n`)

client.on("topologyClosed", () => say("closed"))
client.on("serverHeartbeatSucceeded", () => say("heartbeat"))
const stopWatching = reconnectWhenSilent(client, Number(longestSilence))
await client.connect()
say("ready")
process.stdin.on("data", () => {
  client
    .db("app")
    .collection("anything")
    .findOne({})
    .then(
      () => say("found"),
      (error: unknown) => say(`failed: ${String(error)}`),
    )
})
process.stdin.on("end", () => {
  stopWatching()
  void client.close()
})
