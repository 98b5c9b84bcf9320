/** Reads the form of a `Request`. */
import { type Form, type FormFlaw, isFormType, maxFormLength, readForm, unreadable } from "./Form.ts"

/**
 * Waits no longer than the timeout and keeps no more than 16 KiB.
 *
 * @throws Error if the body was read already: a mistake in the application.
 */
export const readRequestForm = async (request: Request, timeoutMilliseconds: number): Promise<Form> => {
  if (!isFormType(request.headers.get("Content-Type") ?? "")) return unreadable("NotAForm")
  if (!["", "identity"].includes(request.headers.get("Content-Encoding") ?? "")) return unreadable("NotAForm")
  if (request.bodyUsed || request.body?.locked === true)
    throw new Error("The body of this request was already read. Call the endpoint before anything that reads the body")
  if (request.body === null) return readForm("")
  const text = await textOf(request.body, timeoutMilliseconds)
  return typeof text === "string" ? readForm(text) : unreadable(text.flaw)
}

const textOf = async (
  body: ReadableStream<Uint8Array>,
  milliseconds: number,
): Promise<string | { readonly flaw: FormFlaw }> => {
  const reader = body.getReader()
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<"TooSlow">((resolve) => {
    timer = setTimeout(() => resolve("TooSlow"), milliseconds)
  })
  const give = (flaw: FormFlaw) => {
    void reader.cancel().catch(() => undefined)
    return { flaw }
  }
  let [text, length] = ["", 0]
  try {
    for (;;) {
      const chunk = await Promise.race([reader.read(), timeout])
      if (chunk === "TooSlow") return give(chunk)
      if (chunk.done) return text + decoder.decode()
      length += chunk.value.byteLength
      if (length > maxFormLength) return give("TooLarge")
      text += decoder.decode(chunk.value, { stream: true })
    }
  } catch {
    return give("NotAForm")
  } finally {
    clearTimeout(timer)
  }
}
