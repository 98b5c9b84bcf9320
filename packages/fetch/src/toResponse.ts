/** Turns a response of `@tokenry/http` into a `Response`. */
import type { HttpAnswer } from "@tokenry/http"

/** The complete response. The runtime omits the body for HEAD. */
export const toResponse = ({ status, headers, body }: HttpAnswer): Response => new Response(body, { status, headers })
