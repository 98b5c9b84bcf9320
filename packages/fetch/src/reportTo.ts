/** Reports errors that the client doesn't see. */

export type ErrorReporter<Occurrence> = (error: unknown, occurrence: Occurrence) => void | Promise<void>

/** A failing reporter must not change the response. */
export const reportTo =
  <Occurrence>(onError: ErrorReporter<Occurrence> = (error) => console.error(error)) =>
  async (error: unknown, occurrence: Occurrence): Promise<void> => {
    try {
      await onError(error, occurrence)
    } catch (failure) {
      console.error(failure)
    }
  }
