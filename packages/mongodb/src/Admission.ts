/** Limits concurrent operations to the size of the client's pool, so overload is detected early. */

/** The part of a client that shows its pool size. */
export interface PooledClient {
  readonly options?: { readonly maxPoolSize?: number }
}

/** An operation waiting to run. Exactly one of these is called, unless the operation withdraws. */
interface Candidate {
  readonly start: () => void
  readonly refuse: () => void
}

/** The driver's own default. */
const defaultPoolSize = 100

/**
 * A queue in front of the driver's pool, oldest first. An operation that waits in the pool itself starts late and is aborted
 * at its deadline, which closes its connection; under overload almost nothing succeeds. Refusing one here costs no
 * connection. Everything that uses one client shares one queue.
 */
export class Admission {
  static readonly #ofClients = new WeakMap<PooledClient, Admission>()

  /** Returns the client's queue, always the same one. */
  static of(client: PooledClient): Admission {
    const known = Admission.#ofClients.get(client)
    if (known !== undefined) return known
    const admission = new Admission(client.options?.maxPoolSize ?? defaultPoolSize)
    Admission.#ofClients.set(client, admission)
    return admission
  }

  /** How many operations may run at once: `Infinity` if the pool is unlimited (`maxPoolSize: 0`). */
  readonly limit: number
  #running = 0
  readonly #waiting = new Set<Candidate>()

  private constructor(poolSize: number) {
    this.limit = poolSize === 0 ? Infinity : poolSize
  }

  /**
   * Starts the operation once a connection is free, or refuses it after that many milliseconds. Call `leave` once for
   * each operation that started. Returns a function that withdraws the operation if it is still waiting.
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

  /** Ends an operation, and starts the one that has waited longest. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#running -= 1
    else next.start()
  }
}
