/** Programs and people that use a demo continuously, and record each response. */
import { setTimeout as sleep } from "node:timers/promises"
import { Client } from "./Client.ts"

export interface Outcome {
  readonly kind: "verify" | "issue"
  /** 0: no response. */
  readonly status: number
  /** The name of the token that was requested or issued. Names are unique. */
  readonly name: string
  readonly plaintext: string
}

export class Load {
  readonly outcomes: Array<Outcome> = []
  readonly #owner: Client
  readonly #program: Client
  #isOver = false
  #running: Promise<unknown> = Promise.resolve()
  #names = 0

  private constructor(owner: Client, program: Client) {
    this.#owner = owner
    this.#program = program
  }

  /** Four programs that call with a token, and two people that issue tokens. */
  static async on(url: string): Promise<Load> {
    const owner = await Client.signedIn(url, "owner")
    const load = new Load(owner, owner.withToken((await owner.issue({ name: "of the load" })).plaintext))
    const verify = () => load.#verify()
    const issue = () => load.#issue()
    const loops = [verify, verify, verify, verify, issue, issue]
    load.#running = Promise.all(loops.map((request) => load.#repeat(request)))
    return load
  }

  /** How many requests have had this response since the mark. */
  count(kind: Outcome["kind"], status: number, since = 0): number {
    return this.outcomes.slice(since).filter((outcome) => outcome.kind === kind && outcome.status === status).length
  }

  /** Stops once the requests in flight are answered. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  /** The names of all of the owner's tokens. */
  async namesInStore(): Promise<ReadonlyArray<string>> {
    const names: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const { body } = await this.#owner.get(`/api/tokens?limit=100${cursor && `&cursor=${cursor}`}`)
      names.push(...body.items.map(({ name }: { name: string }) => name))
      cursor = body.nextCursor
    }
    return names
  }

  async #repeat(request: () => Promise<Outcome>): Promise<void> {
    while (!this.#isOver) {
      const outcome = await request()
      this.outcomes.push(outcome)
      await sleep(25)
    }
  }

  async #verify(): Promise<Outcome> {
    const { status } = await this.#program.get("/api/treasures").catch(unanswered)
    return { kind: "verify", status, name: "", plaintext: "" }
  }

  async #issue(): Promise<Outcome> {
    const name = `issued ${this.#names++}`
    const request = { name, scopes: ["treasure:read"] }
    const { status, body } = await this.#owner.post("/api/tokens", request).catch(unanswered)
    return { kind: "issue", status, name, plaintext: body?.plaintext ?? "" }
  }
}

const unanswered = () => ({ status: 0, body: undefined })
