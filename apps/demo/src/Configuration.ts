/** The configuration from environment variables, checked before anything is opened. */
import { fileURLToPath } from "node:url"
import type { SweepOptions } from "@tokenry/core"
import { MongoClient } from "mongodb"
import { Client } from "pg"
import { isLoopback } from "./http/securityHeaders.ts"

/** Where the data is stored. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly filename: string }
  | { readonly kind: "mongodb"; readonly url: string }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "memory" }

/** `off` disables request lines. Errors are always logged. */
export type LogLevel = "info" | "off"

export interface Configuration {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The public URL, without a trailing slash; `undefined`: `http://HOST:PORT`. */
  readonly publicUrl: string | undefined
  readonly store: StoreLocation
  /** Whether an empty store is filled with accounts that have a public password. */
  readonly loadsFixtures: boolean
  /** Requests per minute and token. */
  readonly rateLimit: number | "off"
  /** How many proxies are in front of the demo; 0: clients connect directly. */
  readonly trustedProxies: number
  readonly log: LogLevel
  /** How long an idle connection stays open for another request. */
  readonly keepAliveSeconds: number
  /** How long `readyz` answers 503 after a stop signal, while everything else keeps working. */
  readonly drainSeconds: number
  /** When dead tokens are purged; `undefined`: never. */
  readonly sweeps: SweepOptions | undefined
  /** The services that JWTs can be for. */
  readonly audiences: ReadonlyArray<string>
  /** A JWK set whose first key signs JWTs; `undefined`: a new key at each start. */
  readonly signingKeysFile: string | undefined
}

/** An invalid setting. The message is one line that names the variable and the values it accepts. */
class ConfigurationError extends Error {
  override readonly name = "ConfigurationError"
}

/**
 * The configuration from an environment such as `process.env`. An empty value counts as unset.
 *
 * @throws ConfigurationError for the first invalid variable.
 */
export const readConfiguration = (environment: Readonly<Record<string, string | undefined>>): Configuration => {
  const host = environment["HOST"] || "127.0.0.1"
  const publicUrl = environment["PUBLIC_URL"] ? publicUrlOf(environment["PUBLIC_URL"]) : undefined
  const trustedProxies = trustedProxiesOf(environment["TRUSTED_PROXIES"] || "none")
  return {
    host,
    port: portOf(environment["PORT"] || "3000"),
    publicUrl,
    store: storeOf(environment["STORE_URL"] || `sqlite:${defaultFilename}`),
    loadsFixtures: loadsFixtures(environment["FIXTURES"] || "", { host, publicUrl, trustedProxies }),
    rateLimit: rateLimitOf(environment["RATE_LIMIT"] || "600"),
    trustedProxies,
    log: logOf(environment["LOG"] || "info"),
    keepAliveSeconds: secondsOf("KEEP_ALIVE_SECONDS", environment["KEEP_ALIVE_SECONDS"] || "65", 1),
    drainSeconds: secondsOf("DRAIN_SECONDS", environment["DRAIN_SECONDS"] || "0", 0),
    sweeps: sweepsOf(environment["PURGE_AFTER_DAYS"] || "90"),
    audiences: audiencesOf(environment["JWT_AUDIENCES"] || "https://reports.example.com"),
    signingKeysFile: environment["SIGNING_KEYS_FILE"] || undefined,
  }
}

/** A warning about a valid configuration that is probably a mistake; `undefined` if there is nothing to warn about. */
export const warningAbout = ({ host, publicUrl }: Configuration): string | undefined =>
  publicUrl === undefined && wildcards.includes(host)
    ? `HOST ${host} listens on every address, but PUBLIC_URL is not set: browsers can't sign in. Set PUBLIC_URL to the address people open in their browser.`
    : undefined

const wildcards: ReadonlyArray<string> = ["0.0.0.0", "::"]

const defaultFilename = fileURLToPath(new URL("../.data/treasures.sqlite", import.meta.url))

const portOf = (text: string): number => {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new ConfigurationError(`PORT must be a number from 0 to 65535, but is ${JSON.stringify(text)}`)
}

const publicUrlOf = (text: string): string => {
  const url = URL.parse(text)
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && `${url.search}${url.hash}${url.username}` === ""
  if (isPlain && url.pathname === "/") return url.origin
  throw new ConfigurationError("PUBLIC_URL must be like https://treasures.example.com: http or https, and no path")
}

/** A database URL may contain a password, so the message doesn't repeat it. */
const storeOf = (text: string): StoreLocation => {
  if (text === "memory:") return { kind: "memory" }
  if (text.startsWith("sqlite:") && text.length > "sqlite:".length) {
    return { kind: "sqlite", filename: text.slice("sqlite:".length) }
  }
  if (/^mongodb(\+srv)?:/.test(text)) {
    if (isMongoUrl(text)) return { kind: "mongodb", url: text }
    throw new ConfigurationError(
      "STORE_URL must be like mongodb://host:27017/treasures, with special characters in name and password percent-encoded",
    )
  }
  if (/^postgres(ql)?:/.test(text)) {
    if (isPostgresUrl(text)) return { kind: "postgres", url: text }
    throw new ConfigurationError(
      "STORE_URL must be like postgres://user@host:5432/treasures, with special characters in name and password percent-encoded",
    )
  }
  const file = text.includes(":") ? "" : ` (for the file ${text}, write sqlite:${text})`
  throw new ConfigurationError(
    `STORE_URL must be sqlite:PATH, postgres://HOST/DATABASE, mongodb://HOST/DATABASE or memory:${file}`,
  )
}

/** Uses the driver's parser, which doesn't connect yet. Its error may quote the URL. */
const isMongoUrl = (text: string): boolean => {
  try {
    return new MongoClient(text) instanceof MongoClient
  } catch {
    return false
  }
}

/** Uses the driver's parser, which doesn't connect yet. Its error may quote the URL. */
const isPostgresUrl = (text: string): boolean => {
  try {
    const { host, database } = new Client({ connectionString: text })
    return host !== "" && database !== undefined && database !== ""
  } catch {
    return false
  }
}

const rateLimitOf = (text: string): number | "off" => {
  if (text === "off") return text
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new ConfigurationError(
    `RATE_LIMIT must be a number of requests per minute from 1 to 999999, or off, but is ${JSON.stringify(text)}`,
  )
}

const trustedProxiesOf = (text: string): number => {
  if (text === "none") return 0
  if (/^\d$/.test(text)) return Number(text)
  throw new ConfigurationError(
    `TRUSTED_PROXIES must be the number of proxies in front of the demo, from 0 to 9, or none, but is ${JSON.stringify(text)}`,
  )
}

const logOf = (text: string): LogLevel => {
  if (text === "info" || text === "off") return text
  throw new ConfigurationError(`LOG must be info or off, but is ${JSON.stringify(text)}`)
}

const secondsOf = (name: string, text: string, least: number): number => {
  const seconds = Number(text)
  if (/^\d{1,3}$/.test(text) && seconds >= least && seconds <= longestSeconds) return seconds
  throw new ConfigurationError(
    `${name} must be a number of seconds from ${least} to ${longestSeconds}, but is ${JSON.stringify(text)}`,
  )
}

const longestSeconds = 900

const sweepsOf = (text: string): SweepOptions | undefined => {
  if (text === "off") return undefined
  if (/^\d{1,4}$/.test(text)) return { every: "1 hour", purgeDeadFor: `${Number(text)} days` }
  throw new ConfigurationError(
    `PURGE_AFTER_DAYS must be a number of days from 0 to 9999, or off, but is ${JSON.stringify(text)}`,
  )
}

/** A service's name is any URI (RFC 8707 §2). */
const audiencesOf = (text: string): ReadonlyArray<string> => {
  const audiences = text.split(" ").filter((audience) => audience !== "")
  if (audiences.every((audience) => URL.canParse(audience) && !audience.includes("#"))) return audiences
  throw new ConfigurationError(
    `JWT_AUDIENCES must be absolute URLs without fragment, separated by spaces, but is ${JSON.stringify(text)}`,
  )
}

/** Default: on a loopback address without a proxy or `PUBLIC_URL` that would expose it to others. */
const loadsFixtures = (
  text: string,
  { host, publicUrl, trustedProxies }: Pick<Configuration, "host" | "publicUrl" | "trustedProxies">,
): boolean => {
  if (text === "1") return true
  if (text === "0") return false
  if (text !== "") throw new ConfigurationError(`FIXTURES must be 1 or 0, but is ${JSON.stringify(text)}`)
  const isPublished = trustedProxies > 0 || (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname))
  return isLoopback(host) && !isPublished
}
