/** Turns errors into responses: the core's into Fastify's conventions, and everything into problem details. */
import { randomUUID } from "node:crypto"
import {
  answerToThrown,
  checkProblemDetailsOptions,
  httpErrorOf,
  ProblemAnswers,
  type ProblemOptions,
  TokenryHttpError,
} from "@tokenry/http"
import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify"
import { fastifyPlugin } from "fastify-plugin"
import { writeAnswer } from "./messages.ts"

type ErrorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * An error handler for which what the use cases fail with has `statusCode`, `expose` and `headers`: 400, 403, 404, 409, 412,
 * 422 and 503. `error.code` is the stable code (`PolicyViolation`), `error.issues` lists what is wrong with an input, and
 * the error of the core is the `cause`; `Retry-After` is set already. Every other error comes unchanged. Without a handler
 * of yours, the one of the context above, or Fastify's own, answers.
 *
 *     app.setErrorHandler(
 *       httpErrors((error, request, reply) => reply.code(error.statusCode ?? 500).send({ error: error.code ?? "internal" })),
 *     )
 */
export const httpErrors =
  (handler?: ErrorHandler): ErrorHandler =>
  (error, request, reply) => {
    const converted = httpErrorOf(error) as FastifyError
    if (handler === undefined) throw converted
    if (converted instanceof TokenryHttpError) reply.headers(converted.headers)
    return handler(converted, request, reply)
  }

/**
 * A plugin that answers errors and unknown routes with problem details (RFC 9457): errors of the core, those with a
 * `statusCode` (clients see their message only if they say `expose`, and never from 500 on), and everything else as 500
 * with an id, which `request.log` has too. Register it before your routes.
 *
 * @throws TypeError when made, naming the option, if one is unknown or of the wrong type; Error if `problemBase` is not
 *   an absolute URL that ends with `/` or `#`.
 */
export const problemDetails = (options: ProblemOptions = {}): FastifyPluginAsync => {
  checkProblemDetailsOptions(options, {})
  const answers = ProblemAnswers.make(options)
  return fastifyPlugin(
    async (app) => {
      app.setNotFoundHandler((_request, reply) => writeAnswer(reply, answers.notFound))
      app.setErrorHandler((error, request, reply) => {
        const id = randomUUID()
        const answer = answerToThrown(answers, error, id)
        if (answer.status >= 500) request.log.error({ err: error, id }, "A request failed")
        return writeAnswer(reply, answer)
      })
    },
    { name: "@tokenry/fastify/problemDetails", fastify: "5.x" },
  )
}
