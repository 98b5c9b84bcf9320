/** A request as adapters pass it to `admit`. */
import type { GuardedRequest } from "./Guard.ts"

/**
 * A request whose address and target are read only if a limit or a proof needs them: some frameworks compute them.
 *
 *     const { method, url, rawHeaders, socket } = req
 *     guardedRequest(method, () => url, (name) => rawHeaderValues(rawHeaders, name), () => socket.remoteAddress)
 */
export const guardedRequest = (
  method: string | undefined,
  targetOf: () => string | undefined,
  headerValues: GuardedRequest["headerValues"],
  addressOf: () => string | undefined,
): GuardedRequest => new LazyRequest(method, targetOf, headerValues, addressOf)

/** An object literal with a getter costs ten times as much: as much as finding a token in memory. */
class LazyRequest implements GuardedRequest {
  readonly method: string | undefined
  readonly headerValues: GuardedRequest["headerValues"]
  readonly #targetOf: () => string | undefined
  readonly #addressOf: () => string | undefined

  constructor(
    method: string | undefined,
    targetOf: () => string | undefined,
    headerValues: GuardedRequest["headerValues"],
    addressOf: () => string | undefined,
  ) {
    this.method = method
    this.headerValues = headerValues
    this.#targetOf = targetOf
    this.#addressOf = addressOf
  }

  get target(): string | undefined {
    return this.#targetOf()
  }

  get address(): string | undefined {
    return this.#addressOf()
  }
}
