/** What a person would not see and a developer would: errors in the console, violations of the policy, what is not there. */
import type { BrowserContext, ConsoleMessage, Response } from "playwright-core"

/** A list that grows while pages of the context are used. An answer of 400 to 499 to the page itself is none. */
export const watchTroubles = (context: BrowserContext, url: string): ReadonlyArray<string> => {
  const troubles: Array<string> = []
  context.on("console", (message) => {
    if (isTrouble(message)) troubles.push(`console ${message.type()}: ${message.text()}`)
  })
  context.on("weberror", (error) => troubles.push(`exception: ${error.error().message}`))
  context.on("response", (response) => {
    const status = response.status()
    if (status >= (isPage(response) ? 500 : 400)) troubles.push(`answer: ${status} to ${response.url()}`)
  })
  context.on("request", (request) => {
    const origin = new URL(request.url()).origin
    if (origin !== url && origin !== "null") troubles.push(`elsewhere: ${request.url()}`)
  })
  return troubles
}

/** That an answer has a status from 400 on is in the console too, and judged by the answer itself. */
const isTrouble = (message: ConsoleMessage): boolean =>
  ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")

const isPage = (response: Response): boolean => response.request().resourceType() === "document"
