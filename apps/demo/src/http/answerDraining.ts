/** What a server that is about to stop answers: all as ever, but `readyz` and an end to each connection. */
import { STATUS_CODES, type RequestListener } from "node:http"
import { ProblemAnswers } from "@tokenry/http"

/** A load balancer that asks `readyz` sends no more requests after that, and clients open no second one on a connection. */
export const answerDraining = (publicUrl: string, handle: RequestListener): RequestListener => {
  const { ofStatus } = ProblemAnswers.make({ problemBase: `${publicUrl}/problems/` })
  const answer = ofStatus(503, STATUS_CODES[503] ?? "", { detail: "This process is about to stop" })
  return (request, response) => {
    response.shouldKeepAlive = false
    if (request.url !== "/readyz") return handle(request, response)
    response.writeHead(answer.status, { ...answer.headers, "Retry-After": "5" }).end(answer.body)
  }
}
