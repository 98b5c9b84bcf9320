/** A person at a browser, who finds elements by role and label. Their actions are recorded. */
import type { Locator, Page } from "playwright-core"

type Role = Parameters<Page["getByRole"]>[0]

export class Person {
  readonly page: Page
  /** Their actions so far: addresses typed, links followed, buttons pressed, fields filled. */
  readonly actions: Array<string> = []

  constructor(page: Page) {
    this.page = page
  }

  /** Types an address of the site. */
  async goTo(path: string): Promise<void> {
    await this.#act(`go to ${path}`, this.page.goto(path))
  }

  /** If the page was a form's response, the browser shows nothing, and asks whether to send the form again. */
  async goBack(): Promise<void> {
    const wentBack = this.page.goBack().catch((error: unknown) => {
      if (!String(error).includes("ERR_CACHE_MISS")) throw error
    })
    await this.#act("go back", wentBack)
  }

  async follow(link: string | RegExp): Promise<void> {
    await this.#act(`follow ${link}`, this.find("link", link).click())
  }

  async press(button: string | RegExp): Promise<void> {
    await this.#act(`press ${button}`, this.find("button", button).click())
  }

  async fill(label: string | RegExp, text: string): Promise<void> {
    await this.#act(`fill ${label}`, this.field(label).fill(text))
  }

  /** A checkbox or a radio button. */
  async tick(label: string | RegExp): Promise<void> {
    await this.#act(`tick ${label}`, this.field(label).check())
  }

  async choose(label: string | RegExp, option: string): Promise<void> {
    await this.#act(`choose ${option}`, this.field(label).selectOption(option))
  }

  /** Waits for a heading of a page. */
  async sees(heading: string | RegExp): Promise<void> {
    await this.find("heading", heading).first().waitFor()
  }

  /** The only element with this role and name. A string must be the whole name. */
  find(role: Role, name: string | RegExp): Locator {
    return this.page.getByRole(role, { name, exact: true })
  }

  field(label: string | RegExp): Locator {
    return this.page.getByLabel(label, { exact: true })
  }

  async #act<A>(action: string, doing: Promise<A>): Promise<A> {
    this.actions.push(action)
    return doing
  }
}
