/** Matches paths exactly as written, so that the guard and the router always agree. */
export const exactPaths = { sensitive: true, strict: true } as const
