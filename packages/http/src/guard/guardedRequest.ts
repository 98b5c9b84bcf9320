/** A request as adapters pass it to `admit`. */
import type { GuardedRequest } from "./Guard.ts"

/**
 * A request whose address is read when a limit needs it, since some frameworks compute it.
 *
 *     guardedRequest((name) => rawHeaderValues(req.rawHeaders, name), () => req.socket.remoteAddress)
 */
export const guardedRequest = (
  headerValues: GuardedRequest["headerValues"],
  addressOf: () => string | undefined,
): GuardedRequest => new LazyRequest(headerValues, addressOf)

/** An object literal with a getter costs ten times as much, which is as much as finding a token in memory. */
class LazyRequest implements GuardedRequest {
  readonly headerValues: GuardedRequest["headerValues"]
  readonly #addressOf: () => string | undefined

  constructor(headerValues: GuardedRequest["headerValues"], addressOf: () => string | undefined) {
    this.headerValues = headerValues
    this.#addressOf = addressOf
  }

  get address(): string | undefined {
    return this.#addressOf()
  }
}
