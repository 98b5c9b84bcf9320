/** A proxy between a client and the tests' server that can fail on demand. */
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { serverUrl } from "./stores.ts"

export class Proxy {
  readonly #open = new Set<Socket>()
  readonly #server = createServer((client) => this.#join(client))
  #port = 0
  #isSilent = false
  #lostAnswersTo: string | undefined
  #heldAnswersTo: string | undefined
  #held: Array<() => void> = []

  static readonly start = Effect.acquireRelease(
    Effect.promise(async () => {
      const proxy = new Proxy()
      await proxy.accept()
      proxy.#port = (proxy.#server.address() as AddressInfo).port
      return proxy
    }),
    (proxy) =>
      Effect.promise(async () => {
        proxy.#server.close()
        proxy.cut()
        await once(proxy.#server, "close")
      }),
  )

  get url(): string {
    const url = new URL(serverUrl())
    url.host = `127.0.0.1:${this.#port}`
    url.searchParams.delete("replicaSet")
    url.searchParams.set("directConnection", "true")
    if (url.pathname === "") url.pathname = "/"
    return url.href
  }

  /** How many client connections are open. */
  get connections(): number {
    return this.#open.size
  }

  /** Drops all data from now on, and leaves connections open. */
  silence(): void {
    this.#isSilent = true
  }

  /** Forwards data again, on new connections. */
  speak(): void {
    this.#isSilent = false
  }

  /** Forwards these commands to the server, and holds back their answers. */
  holdAnswersTo(command: string): void {
    this.#heldAnswersTo = command
  }

  /** Forwards the held answers, and holds back no more. */
  releaseAnswers(): void {
    this.#heldAnswersTo = undefined
    for (const pass of this.#held.splice(0)) pass()
  }

  /** Accepts no new connections, and drops all data on open ones, which stay open. */
  abandon(): void {
    this.silence()
    this.#server.close()
  }

  /** Accepts connections again on the same port, and forwards data. */
  async accept(): Promise<void> {
    this.speak()
    this.#server.listen(this.#port, "127.0.0.1")
    await once(this.#server, "listening")
  }

  /** Closes all connections. */
  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }

  /** Forwards the next such command, then closes the connection before the answer. */
  loseAnswerTo(command: string): void {
    this.#lostAnswersTo = command
  }

  #join(client: Socket): void {
    const { hostname, port } = new URL(serverUrl())
    const server = connect(Number(port || "27017"), hostname)
    let isLosing = false
    let isHolding = false
    this.#open.add(client)
    const end = () => {
      client.destroy()
      server.destroy()
      this.#open.delete(client)
    }
    for (const socket of [client, server]) socket.on("error", end).on("close", end)
    client.on("data", (bytes) => {
      if (this.#isSilent) return
      if (this.#lostAnswersTo !== undefined && bytes.includes(`${this.#lostAnswersTo}\0`)) {
        this.#lostAnswersTo = undefined
        isLosing = true
      }
      isHolding = this.#heldAnswersTo !== undefined && bytes.includes(`${this.#heldAnswersTo}\0`)
      server.write(bytes)
    })
    server.on("data", (bytes) => {
      if (isLosing) end()
      else if (isHolding) this.#held.push(() => client.write(bytes))
      else if (!this.#isSilent) client.write(bytes)
    })
  }
}
