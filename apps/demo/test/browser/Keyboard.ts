/** A person without a mouse: moves between elements with Tab, and uses the focused one. */
import { expect } from "vitest"
import type { Person } from "./Person.ts"

type Role = Parameters<Person["find"]>[0]

export class Keyboard {
  readonly person: Person

  constructor(person: Person) {
    this.person = person
  }

  /** Presses Tab until the element has the focus, and expects the focus to be visible. */
  async tabTo(role: Role, name: string | RegExp): Promise<void> {
    const { page } = this.person
    const target = this.person.find(role, name).first()
    await target.waitFor()
    const reached: Array<string> = []
    while (!(await target.evaluate((element) => element === document.activeElement))) {
      await page.keyboard.press("Tab")
      reached.push(await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 80) ?? "nothing"))
      if (reached.length > 200)
        throw new Error(`Tab does not lead to ${role} ${name}: ${reached.slice(0, 60).join("\n")}`)
    }
    const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle)
    expect(outline, `the outline of ${role} ${name} with the focus`).not.toBe("none")
  }

  /** Buttons, and links. */
  async enter(role: Role, name: string | RegExp): Promise<void> {
    await this.tabTo(role, name)
    await this.person.page.keyboard.press("Enter")
  }

  /** Checkboxes, radio buttons, and buttons. */
  async space(role: Role, name: string | RegExp): Promise<void> {
    await this.tabTo(role, name)
    await this.person.page.keyboard.press("Space")
  }

  async type(label: string | RegExp, text: string): Promise<void> {
    await this.tabTo("textbox", label)
    await this.person.page.keyboard.press("ControlOrMeta+A")
    await this.person.page.keyboard.type(text)
  }
}
