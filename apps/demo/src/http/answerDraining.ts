/** A draining server's responses: as usual, except that `readyz` fails and every connection is closed. */
import { STATUS_CODES, type RequestListener } from "node:http"
import { ProblemAnswers } from "@tokenry/http"

/** A load balancer stops sending requests once `readyz` fails, and clients can't reuse a connection. */
export const answerDraining = (publicUrl: string, handle: RequestListener): RequestListener => {
  const { ofStatus } = ProblemAnswers.make({ problemBase: `${publicUrl}/problems/` })
  const answer = ofStatus(503, STATUS_CODES[503] ?? "", { detail: "This process is shutting down" })
  return (request, response) => {
    response.shouldKeepAlive = false
    if (request.url !== "/readyz") return handle(request, response)
    response.writeHead(answer.status, { ...answer.headers, "Retry-After": "5" }).end(answer.body)
  }
}
