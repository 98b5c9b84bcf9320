/** Limits concurrent operations to the size of the client's pool, so overload is detected early. */

/** The part of a client that reveals its pool size. */
export interface PooledClient {
  readonly options?: { readonly maxPoolSize?: number }
}

/** An operation waiting to run. Exactly one of the two is called, unless it withdraws. */
interface Candidate {
  readonly start: () => void
  readonly refuse: () => void
}

/** The driver's own default. */
const defaultPoolSize = 100

/**
 * Operations that wait inside the driver's pool start late and are aborted at their deadline, which closes their
 * connections: under overload nothing would be answered any more. So they wait here, where refusing one costs no
 * connection. Everything that shares a client shares its admission. Oldest first.
 */
export class Admission {
  static readonly #ofClients = new WeakMap<PooledClient, Admission>()

  /** The same for every caller with this client. */
  static of(client: PooledClient): Admission {
    const known = Admission.#ofClients.get(client)
    if (known !== undefined) return known
    const admission = new Admission(client.options?.maxPoolSize ?? defaultPoolSize)
    Admission.#ofClients.set(client, admission)
    return admission
  }

  /** How many operations run at once; `Infinity` for a pool without a limit (`maxPoolSize: 0`). */
  readonly limit: number
  #running = 0
  readonly #waiting = new Set<Candidate>()

  private constructor(poolSize: number) {
    this.limit = poolSize === 0 ? Infinity : poolSize
  }

  /**
   * Starts the operation now or when a connection is free, or refuses it after that many milliseconds. One that has started
   * must `leave` once. Returns a function that withdraws one that still waits.
   */
  enter(milliseconds: number, { start, refuse }: Candidate): () => void {
    if (this.#running < this.limit) {
      this.#running += 1
      start()
      return () => undefined
    }
    const withdraw = () => {
      clearTimeout(timer)
      this.#waiting.delete(candidate)
    }
    const candidate: Candidate = {
      start: () => {
        withdraw()
        start()
      },
      refuse,
    }
    const timer = setTimeout(() => {
      withdraw()
      refuse()
    }, milliseconds)
    this.#waiting.add(candidate)
    return withdraw
  }

  /** Passes the place of an operation that has ended to the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#running -= 1
    else next.start()
  }
}
