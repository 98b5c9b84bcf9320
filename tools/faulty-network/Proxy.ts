/** A network between a program and a server that can be made to fail. */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"

export interface Address {
  readonly host: string
  readonly port: number
}

interface Connection {
  readonly client: Socket
  readonly server: Socket
}

export class Proxy {
  readonly #open = new Set<Connection>()
  #listener: Server | undefined
  #port = 0
  #isHanging = false
  #isCuttingAnswers = false
  #delay = 0
  #server: Address

  private constructor(server: Address) {
    this.#server = server
  }

  /** `port`: a port where nothing listens yet; 0 for any. */
  static async start(server: Address, port = 0): Promise<Proxy> {
    const proxy = new Proxy(server)
    proxy.#port = port
    await proxy.accept()
    return proxy
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Ends all connections and accepts no new ones. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    listener?.close()
    this.#cut()
    if (listener?.listening === true) await once(listener, "close")
  }

  /** Accepts connections again, on the same port. */
  async accept(): Promise<void> {
    this.#listener = createServer((client) => this.#join(client)).listen(this.#port, "127.0.0.1")
    await once(this.#listener, "listening")
    this.#port = (this.#listener.address() as AddressInfo).port
  }

  /** Ends all connections and leads new ones to another server. */
  redirect(server: Address): void {
    this.#server = server
    this.#cut()
  }

  /** Passes nothing on while connections stay open, new ones too. */
  hang(): void {
    this.#isHanging = true
    for (const { client, server } of this.#open) for (const socket of [client, server]) socket.pause()
  }

  /** Forwards the data held back, and everything after it. */
  resume(): void {
    this.#isHanging = false
    for (const { client, server } of this.#open) for (const socket of [client, server]) socket.resume()
  }

  /** Accepts no new connections, and holds back all data on open ones, which stay open. */
  abandon(): void {
    this.hang()
    this.#isHanging = false
    this.#listener?.close()
    this.#listener = undefined
  }

  /** Forwards the first half of each response and ends the connection. */
  cutAnswers(isCutting: boolean): void {
    this.#isCuttingAnswers = isCutting
  }

  /** Delays each response by this long. */
  slowDown(milliseconds: number): void {
    this.#delay = milliseconds
  }

  #cut(): void {
    for (const { client } of this.#open) client.destroy()
  }

  #join(client: Socket): void {
    const { host, port } = this.#server
    const connection = { client, server: connect(port, host) }
    const { server } = connection
    this.#open.add(connection)
    const end = () => {
      client.destroy()
      server.destroy()
      this.#open.delete(connection)
    }
    for (const socket of [client, server]) socket.on("error", end).on("close", end)
    client.on("data", (bytes) => server.write(bytes))
    server.on("data", (bytes) => {
      if (this.#isCuttingAnswers) client.write(bytes.subarray(0, bytes.length / 2), end)
      else if (this.#delay > 0) setTimeout(() => client.destroyed || client.write(bytes), this.#delay)
      else client.write(bytes)
    })
    if (this.#isHanging) for (const socket of [client, server]) socket.pause()
  }
}
