/** Gives middleware the name that stack traces and Koa's debug log show. */

export const named = <Middleware extends object>(name: string, middleware: Middleware): Middleware =>
  Object.defineProperty(middleware, "name", { value: name })
