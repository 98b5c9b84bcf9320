/** Makes a Response of an answer of `@tokenry/http`. */
import type { HttpAnswer } from "@tokenry/http"

/** The whole answer, as it is; to be merged with nothing. The runtime leaves the body out for HEAD. */
export const toResponse = ({ status, headers, body }: HttpAnswer): Response => new Response(body, { status, headers })
