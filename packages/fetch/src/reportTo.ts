/** Reports errors that the client doesn't see. */

export type ErrorReporter = (error: unknown, occurrence: { readonly request: Request }) => void | Promise<void>

/** A failing reporter must not change the response. */
export const reportTo =
  (onError: ErrorReporter = (error) => console.error(error)) =>
  async (error: unknown, occurrence: { readonly request: Request }): Promise<void> => {
    try {
      await onError(error, occurrence)
    } catch (failure) {
      console.error(failure)
    }
  }
