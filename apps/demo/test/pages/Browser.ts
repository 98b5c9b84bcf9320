/** A browser without scripts, over real sockets: keeps cookies, follows redirects, and fills in the forms of pages. */
import { fixturePassword } from "../../src/fixtures.ts"

type Fields = Readonly<Record<string, string | ReadonlyArray<string>>>

export class Browser {
  readonly url: string
  #cookie = ""
  /** The current path and query. */
  location = "/"
  /** Header fields to add, or to send in place of a browser's own. */
  headers: Record<string, string> = {}
  /** If `false`, it shows the redirect itself. */
  followsRedirects = true

  constructor(url: string) {
    this.url = url
  }

  /** On the list of tokens. */
  static async signedIn(url: string, account: string): Promise<Browser> {
    const browser = new Browser(url)
    const page = await browser.get("/login")
    const { status } = await page.submit({ email: `${account}@example.test`, password: fixturePassword }, "/login")
    if (status !== 200) throw new Error(`Signing in was answered with ${status}`)
    return browser
  }

  get cookie(): string {
    return this.#cookie
  }

  set cookie(cookie: string) {
    this.#cookie = cookie
  }

  get(path: string): Promise<PageSeen> {
    return this.#open("GET", path)
  }

  post(path: string, fields: Fields): Promise<PageSeen> {
    const body = new URLSearchParams()
    for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) body.append(name, value)
    return this.#open("POST", path, body)
  }

  async #open(method: string, path: string, body?: URLSearchParams): Promise<PageSeen> {
    const headers = {
      Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      ...(this.#cookie === "" ? {} : { Cookie: this.#cookie }),
      ...(method === "POST" ? { Origin: this.url, "Sec-Fetch-Site": "same-origin" } : {}),
      ...this.headers,
    }
    const response = await fetch(this.url + path, { method, headers, redirect: "manual", ...(body && { body }) })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";")
      this.#cookie = pair.endsWith("=") ? "" : pair
    }
    const html = await response.text()
    const next = response.headers.get("Location")
    if (response.status === 303 && next !== null && this.followsRedirects) return this.get(next)
    this.location = path
    return new PageSeen(this, response.status, response.headers, html)
  }
}

interface Form {
  readonly action: string
  readonly method: string
  readonly html: string
}

/** A page that has been loaded. */
export class PageSeen {
  readonly #browser: Browser
  readonly status: number
  readonly headers: Headers
  readonly html: string

  constructor(browser: Browser, status: number, headers: Headers, html: string) {
    this.#browser = browser
    this.status = status
    this.headers = headers
    this.html = html
  }

  /** The text that a person reads, with white space collapsed. */
  get text(): string {
    return unescape(this.html.replace(/<(style|script|head)[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, " "))
      .replace(/\s+/g, " ")
      .trim()
  }

  get title(): string {
    return unescape(/<title>([^<]*)<\/title>/.exec(this.html)?.[1] ?? "")
  }

  /** The value of a field. */
  valueOf(name: string): string | undefined {
    return [...this.html.matchAll(/<input\b[^>]*>/g)]
      .map(([tag]) => attributesOf(tag))
      .find((attributes) => attributes["name"] === name)?.["value"]
  }

  /** The address of a link with this text. */
  linkTo(text: string): string {
    for (const [, tag = "", inner = ""] of this.html.matchAll(/(<a\b[^>]*>)([\s\S]*?)<\/a>/g)) {
      if (unescape(inner.replace(/<[^>]*>/g, "")).trim() === text) return attributesOf(tag)["href"] ?? ""
    }
    throw new Error(`There is no link ${JSON.stringify(text)}`)
  }

  follow(text: string): Promise<PageSeen> {
    return this.#browser.get(this.linkTo(text))
  }

  /**
   * Fills in and sends the form with this action; if there are several, the one with this button. Other fields keep their
   * values from the page; an empty list omits a field.
   */
  submit(fields: Fields, action: string, button?: string): Promise<PageSeen> {
    const form = this.#forms().find(
      (form) => form.action === action && (button === undefined || form.html.includes(`>${button}</button>`)),
    )
    if (form === undefined)
      throw new Error(`There is no form for ${action}${button === undefined ? "" : `: ${button}`}`)
    return this.#browser.post(form.action, { ...standingIn(form.html), ...buttonsValue(form.html, button), ...fields })
  }

  #forms(): ReadonlyArray<Form> {
    return [...this.html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g)].map(([, tag = "", html = ""]) => {
      const { action = "", method = "get" } = attributesOf(tag)
      return { action, method, html }
    })
  }
}

/** The fields that would be sent, with their current values. */
const standingIn = (form: string): Fields => {
  const fields: Record<string, Array<string>> = {}
  const add = (name: string, value: string) => (fields[name] ??= []).push(value)
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const { name, value = "", type = "text", ...attributes } = attributesOf(tag)
    if (name === undefined || "disabled" in attributes) continue
    if (type !== "checkbox" && type !== "radio") add(name, value)
    else if ("checked" in attributes) add(name, value)
  }
  for (const [, tag = "", options = ""] of form.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/g)) {
    const all = [...options.matchAll(/<option\b[^>]*>/g)].map(([option]) => attributesOf(option))
    const chosen = all.find((option) => "selected" in option) ?? all[0]
    add(attributesOf(tag)["name"] ?? "", chosen?.["value"] ?? "")
  }
  return fields
}

const buttonsValue = (form: string, text: string | undefined): Fields => {
  for (const [, tag = "", inner] of form.matchAll(/(<button\b[^>]*>)([\s\S]*?)<\/button>/g)) {
    const { name, value = "" } = attributesOf(tag)
    if (name !== undefined && (text === undefined || inner === text)) return { [name]: value }
  }
  return {}
}

const attributesOf = (tag: string): Record<string, string> =>
  Object.fromEntries(
    [...tag.matchAll(/\s([\w-]+)(?:="([^"]*)")?/g)].map(([, name = "", value = ""]) => [name, unescape(value)]),
  )

const unescape = (text: string): string =>
  text
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&")
