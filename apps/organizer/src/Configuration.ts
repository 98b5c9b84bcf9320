/** The organizer's configuration from environment variables. */

export interface OrganizerConfiguration {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Where the treasures are, without a trailing slash: the API and its authorization server. */
  readonly treasuresUrl: string
}

/** @throws Error, in one line, for the first invalid variable. */
export const readConfiguration = (
  environment: Readonly<Record<string, string | undefined>>,
): OrganizerConfiguration => {
  const host = environment["HOST"] || "127.0.0.1"
  const port = environment["PORT"] || "3001"
  const treasuresUrl = (environment["TREASURES_URL"] || "http://127.0.0.1:3000").replace(/\/$/, "")
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Error(`PORT must be a number from 0 to 65535, but is ${JSON.stringify(port)}`)
  }
  if (!/^https?:$/.test(URL.parse(treasuresUrl)?.protocol ?? "")) {
    throw new Error(`TREASURES_URL must be an http or https URL, but is ${JSON.stringify(treasuresUrl)}`)
  }
  return { host, port: Number(port), treasuresUrl }
}
