/** A client of the demo's API over real sockets: a browser with a cookie, or a program with a token. */
import { fixturePassword } from "../src/fixtures.ts"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of many shapes
  readonly body: any
}

export class Client {
  readonly url: string
  readonly #headers: Record<string, string>

  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = url
    this.#headers = headers
  }

  /** A browser on the demo's own pages, signed in. */
  static async signedIn(url: string, account: string): Promise<Client> {
    const { headers } = await new Client(url).post("/api/session", credentialsOf(account))
    return new Client(url, { Cookie: cookieOf(headers), Origin: url })
  }

  /** A program that sends the token. */
  withToken(token: string): Client {
    return new Client(this.url, { Authorization: `Bearer ${token}` })
  }

  withHeaders(headers: Record<string, string>): Client {
    return new Client(this.url, { ...this.#headers, ...headers })
  }

  get cookie(): string {
    return this.#headers["Cookie"] ?? ""
  }

  get(path: string): Promise<Answer> {
    return this.send("GET", path)
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.send("POST", path, JSON.stringify(body))
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.send("PATCH", path, JSON.stringify(body))
  }

  delete(path: string): Promise<Answer> {
    return this.send("DELETE", path)
  }

  async send(method: string, path: string, body?: string, type = "application/json"): Promise<Answer> {
    const headers = { ...this.#headers, ...(body === undefined ? {} : { "Content-Type": type }) }
    const response = await fetch(this.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
    const text = await response.text()
    const isJson = response.headers.get("Content-Type")?.includes("json") === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  /** Issues a token; fails the test if that fails. */
  async issue(request: object = {}): Promise<{ readonly plaintext: string; readonly token: { readonly id: string } }> {
    const answer = await this.post("/api/tokens", { name: "test", scopes: ["treasure:read"], ...request })
    if (answer.status !== 201) throw new Error(`Issuing was answered with ${answer.status}`)
    return answer.body
  }
}

export const credentialsOf = (account: string) => ({ email: `${account}@example.test`, password: fixturePassword })

/** The cookie that a response sets, as it is sent back. */
export const cookieOf = (headers: Headers): string => headers.getSetCookie()[0]?.split(";")[0] ?? ""
