/** Tokens in an Express app. Express has no binding of its own: this is all that one would be. */
import { randomUUID } from "node:crypto"
import type { Caller, PromiseApiTokens } from "@tokenry/core/promise"
import { BearerAnswers, type HttpAnswer, isCoreError, ProblemAnswers, readBearer } from "@tokenry/http"
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from "express"

const problemBase = "https://api.example.com/problems/"

type Locals = Record<"caller", Caller>
type Handler = RequestHandler<Record<string, string>, unknown, unknown, unknown, Locals>

export const expressApp = (tokens: Pick<PromiseApiTokens, "verify">): Express => {
  const bearerAnswers = BearerAnswers.make({ realm: "treasures", problemBase })
  const problemAnswers = ProblemAnswers.make({ problemBase })

  /** Lets callers pass who have these scopes, which are verified along with the token. An outage goes to `errors`. */
  const allows = (...scopes: ReadonlyArray<string>): Handler =>
    async function allows(request, response, next) {
      response.vary("Authorization")
      const credentials = readBearer(request.headersDistinct["authorization"] ?? [])
      if (credentials._tag !== "Bearer") return write(response, bearerAnswers.toCredentials(credentials))
      const verification = await tokens.verify(credentials.token, { scopes })
      if (!verification.accepted) return write(response, bearerAnswers.toRefusal(verification.refusal))
      response.locals.caller = verification.caller
      next()
    }

  /** By the status that Express and its body parsers give to an error. */
  const byStatus = new Map([
    [400, problemAnswers.unreadableBody],
    [413, problemAnswers.contentTooLarge],
    [415, problemAnswers.unsupportedMediaType],
  ])

  /** The last of all. */
  const errors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error)
    const id = randomUUID()
    const status = error instanceof Error && "status" in error ? Number(error.status) : 500
    const answer = isCoreError(error)
      ? problemAnswers.ofError(error, id)
      : (byStatus.get(status) ?? problemAnswers.internalError(id))
    if (answer.status >= 500) console.error(id, error)
    write(response, answer)
  }

  const app = express().disable("x-powered-by")
  app.get("/treasures", allows("treasure:read"), ((_request, response) => {
    response.json({ owner: response.locals.caller.ownedBy, treasures: ["Ruby"] })
  }) as Handler)
  app.post("/treasures", allows("treasure:create"), express.json(), ((request, response) => {
    response.status(201).json(request.body)
  }) as Handler)
  app.use((_request, response) => write(response, problemAnswers.notFound))
  app.use(errors)
  return app
}

/** By `end`, because `send` would add an ETag and a charset. */
const write = (response: Response, { status, headers, body }: HttpAnswer): void => {
  response.status(status)
  for (const [name, value] of Object.entries(headers)) {
    if (name === "Vary") response.vary(value)
    else response.setHeader(name, value)
  }
  response.setHeader("Content-Length", Buffer.byteLength(body))
  response.end(body)
}
