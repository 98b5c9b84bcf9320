/** Reports errors that the client is told nothing of. */

export type ErrorReporter = (error: unknown, occurrence: { readonly request: Request }) => void | Promise<void>

/** A reporter that fails must not change the response. */
export const reportTo =
  (onError: ErrorReporter = (error) => console.error(error)) =>
  async (error: unknown, occurrence: { readonly request: Request }): Promise<void> => {
    try {
      await onError(error, occurrence)
    } catch (failure) {
      console.error(failure)
    }
  }
