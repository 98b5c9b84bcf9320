/** Sends thousands of generated fields over a few connections, and compares each response with the grammar. */
import { connect, type Socket } from "node:net"
import { expect } from "vitest"
import { generatedValues } from "./generatedValues.ts"
import { readByGrammar } from "./readByGrammar.ts"
import { parseAnswer } from "./wire.ts"

const requests = 1000
const connections = 4
const seed = 20_261_125

/** Fails with every value whose response differs from the grammar, as JSON. */
export const fuzzOverSockets = async (port: number, good: string): Promise<void> => {
  const wrong: Array<{ readonly value: string; readonly expected: number; readonly status: number }> = []
  const work = async (worker: number): Promise<void> => {
    const client = new Client(port)
    const values = generatedValues(seed + worker, good)
    for (let count = 0; count < requests / connections; count++) {
      const value = values.next().value.replaceAll(/[\r\n]/g, "")
      const [expected, status] = [statusOf(value, good), await client.statusFor(value)]
      if (status !== expected) wrong.push({ value: JSON.stringify(value), expected, status })
    }
    client.close()
  }
  await Promise.all(Array.from({ length: connections }, (_, worker) => work(worker)))
  expect(wrong).toEqual([])
}

const statusOf = (value: string, good: string): number => {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) return 400
  const reading = readByGrammar(value)
  if (reading === "Invalid") return 400
  return typeof reading === "object" && reading.token === good ? 200 : 401
}

/** One connection, reopened when the server has ended it. */
class Client {
  readonly #port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.#port = port
  }

  async statusFor(value: string): Promise<number> {
    const socket = (this.#socket ??= this.#open())
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${value}\r\n\r\n`, "latin1")
    const received = await wholeAnswer(socket)
    if (/^connection: close\r?$/im.test(received) || socket.destroyed) this.close()
    return parseAnswer(received).status
  }

  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #open(): Socket {
    const socket = connect(this.#port, "127.0.0.1").setEncoding("latin1").setNoDelay(true)
    socket.on("error", () => undefined)
    return socket.setTimeout(100_000, () => socket.destroy())
  }
}

/** Reads until a response is complete or the connection ends. */
const wholeAnswer = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let received = ""
    const end = (): void => {
      socket.off("data", add).off("close", end)
      resolve(received)
    }
    const add = (chunk: string): void => {
      received += chunk
      if (isWhole(received)) end()
    }
    socket.on("data", add).on("close", end)
  })

const isWhole = (received: string): boolean => {
  const headEnd = received.indexOf("\r\n\r\n")
  if (headEnd === -1) return false
  const length = /^content-length: (\d+)\r?$/im.exec(received.slice(0, headEnd))?.[1] ?? "0"
  return received.length >= headEnd + 4 + Number(length)
}
