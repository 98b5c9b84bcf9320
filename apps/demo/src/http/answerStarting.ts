/** Responses until the store is open: the process is alive, but not ready. */
import type { RequestListener, ServerResponse } from "node:http"
import { type HttpAnswer, ProblemAnswers } from "@tokenry/http"

export const answerStarting = (publicUrl: string): RequestListener => {
  const { storeUnavailable } = ProblemAnswers.make({ problemBase: `${publicUrl}/problems/` })
  return (request, response) => send(response, request.url === "/healthz" ? alive : storeUnavailable)
}

const alive: HttpAnswer = {
  status: 200,
  headers: { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" },
  body: JSON.stringify({ status: "alive" }),
}

const send = (response: ServerResponse, { status, headers, body }: HttpAnswer): void => {
  response.writeHead(status, headers).end(body)
}
