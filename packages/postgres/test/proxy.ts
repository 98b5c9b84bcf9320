/** A proxy before PostgreSQL that interferes with the connection that listens for changes, and with no other; or only with the others. */
import * as Effect from "effect/Effect"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

interface Behaviour {
  /** Of the connection that has sent LISTEN. */
  feed: "pass" | "cut" | "freeze" | "drop everything" | "drop changes"
  /** Of the others: what the server answers is held back. */
  lookups: "pass" | "hold"
}

/** The type of NotificationResponse. */
const notification = 0x41

/** The server's address through the proxy, and what the proxy does, which the test may change. */
export const aProxy = (serverUrl: string) =>
  Effect.gen(function* () {
    const target = new URL(serverUrl)
    const behaviour: Behaviour = { feed: "pass", lookups: "pass" }
    const connections = new Set<Connection>()
    const server = yield* Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer((client) => {
              const connection = new Connection(client, target, behaviour)
              connections.add(connection)
              client.on("close", () => connections.delete(connection))
            }).listen(0, "127.0.0.1", () => resolve(server))
          }),
      ),
      (server) =>
        Effect.sync(() => {
          for (const connection of connections) connection.destroy()
          server.close()
        }),
    )
    const url = new URL(serverUrl)
    url.hostname = "127.0.0.1"
    url.port = String((server.address() as AddressInfo).port)
    const behave = (changes: Partial<Behaviour>) => {
      Object.assign(behaviour, changes)
      for (const connection of connections) connection.apply()
    }
    const isHolding = () => [...connections].some((connection) => connection.hasHeld)
    return { url: url.href, behave, isHolding }
  })

class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #behaviour: Behaviour
  #isFeed = false
  #held: Array<Buffer> = []
  #rest = Buffer.alloc(0)

  constructor(client: Socket, target: URL, behaviour: Behaviour) {
    this.#client = client
    this.#behaviour = behaviour
    this.#server = connect(Number(target.port), target.hostname)
    client.on("data", (data) => {
      this.#isFeed ||= data.includes("LISTEN")
      if (!this.apply()) this.#server.write(data)
    })
    this.#server.on("data", (data) => this.#answer(data))
    for (const [socket, other] of [
      [client, this.#server],
      [this.#server, client],
    ] as const) {
      socket.on("error", () => other.destroy())
      socket.on("close", () => other.destroy())
    }
  }

  /** Does what has to be done now; whether what the client sends is lost. */
  apply(): boolean {
    if (this.#isFeed && this.#behaviour.feed === "cut") this.destroy()
    if (!this.#isHolding) {
      for (const data of this.#held) this.#client.write(data)
      this.#held = []
    }
    return this.#isFeed && (this.#behaviour.feed === "cut" || this.#behaviour.feed === "freeze")
  }

  get hasHeld(): boolean {
    return this.#held.length > 0
  }

  destroy(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  get #isHolding(): boolean {
    return this.#isFeed ? this.#behaviour.feed === "freeze" : this.#behaviour.lookups === "hold"
  }

  #answer(data: Buffer): void {
    const passing = this.#isFeed ? this.#withoutDropped(data) : data
    if (this.#isHolding) this.#held.push(passing)
    else this.#client.write(passing)
  }

  /** Each message of the server is a type, its length without the type, and a body. */
  #withoutDropped(data: Buffer): Buffer {
    let rest = Buffer.concat([this.#rest, data])
    const kept: Array<Buffer> = []
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1)
      const message = rest.subarray(0, end)
      rest = rest.subarray(end)
      const isDropped =
        message[0] === notification &&
        (this.#behaviour.feed === "drop everything" ||
          (this.#behaviour.feed === "drop changes" && message.includes("token ")))
      if (!isDropped) kept.push(message)
    }
    this.#rest = rest
    return Buffer.concat(kept)
  }
}
