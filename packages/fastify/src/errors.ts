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
 * Wraps an error handler so that it receives use case errors with `statusCode`, `expose` and `headers`: 400, 403, 404, 409,
 * 412, 422 and 503. `error.code` is the stable code (`PolicyViolation`), `error.issues` lists the problems with an input,
 * and the core error is the `cause`. `Retry-After` is already set. Other errors pass unchanged. Without a handler, the
 * parent context's or Fastify's own handler answers.
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
 * A plugin that answers errors and unknown routes with problem details (RFC 9457): core errors, errors with a
 * `statusCode` (clients see the message only with `expose`, and never from 500 up), and all others as 500 with an id that
 * `request.log` records too. Register it before your routes.
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
