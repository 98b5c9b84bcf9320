/** Keeps long work from blocking the event loop. */

/**
 * Five milliseconds, starting now. When they are over, long work commits and lets the event loop run before it goes on.
 * Check after each step, so every slice makes progress on a slow machine.
 */
export class Slice {
  readonly #end = performance.now() + 5

  get isOver(): boolean {
    return performance.now() >= this.#end
  }
}
