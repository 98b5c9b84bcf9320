/** What a Request presents as credentials, in the header and wherever else it is looked for. */
import {
  type HttpAnswer,
  mayHoldToken,
  type PresentedCredentials,
  type ProblemAnswers,
  readPresentedBearer,
} from "@tokenry/http"

export type WayBesides = "form" | "query"

/**
 * The credentials; or the answer to a form that can't be read. Repeated headers, which `Headers` joins with a comma, are
 * refused for the comma: no token has one.
 */
export const presentedIn = async (
  request: Request,
  also: ReadonlyArray<WayBesides>,
  answers: Pick<ProblemAnswers, "contentTooLarge" | "unreadableBody">,
): Promise<PresentedCredentials | HttpAnswer> => {
  const value = request.headers.get("Authorization")
  const authorization = value === null ? [] : [value]
  const inQuery = also.includes("query") ? { query: new URL(request.url).search } : {}
  const head = { method: request.method, contentType: request.headers.get("Content-Type") }
  if (!also.includes("form") || request.body === null || !mayHoldToken(head)) {
    return readPresentedBearer({ authorization, ...inQuery })
  }
  const body = await textOf(request)
  if (body === "too large") return answers.contentTooLarge
  if (body === "unreadable") return answers.unreadableBody
  return readPresentedBearer({ authorization, ...inQuery, form: { ...head, body: body.text } })
}

const maxFormBytes = 65_536

/** The body's text; of a copy, so that the handler can still read it. A byte order mark stays: it is no ASCII. */
const textOf = async (request: Request): Promise<{ readonly text: string } | "too large" | "unreadable"> => {
  if (request.bodyUsed) throw new Error("bearer has to come before whatever reads the body, if a form may hold a token")
  const reader = (request.clone().body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let [text, length] = ["", 0]
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { text: text + decoder.decode() }
      length += value.byteLength
      if (length > maxFormBytes) {
        void reader.cancel().catch(() => undefined)
        return "too large"
      }
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    return "unreadable"
  }
}
