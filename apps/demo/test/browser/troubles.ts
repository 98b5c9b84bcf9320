/** Problems that only developers see: console errors, violations of the content security policy, missing files. */
import type { BrowserContext, ConsoleMessage, Response } from "playwright-core"

/** A list that grows while the context's pages are used. A page that itself answers 400 to 499 isn't one. */
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

/** The console also reports responses from 400 on; those are judged by the response itself. */
const isTrouble = (message: ConsoleMessage): boolean =>
  ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")

const isPage = (response: Response): boolean => response.request().resourceType() === "document"
