/** How paths are matched: exactly as they are written, so that the guard and the router never see two different ones. */
export const exactPaths = { sensitive: true, strict: true } as const
