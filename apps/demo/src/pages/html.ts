/** Markup for pages: what is put into a template is escaped, unless it is markup itself. */
import { html as template } from "hono/html"
import type { HtmlEscapedString } from "hono/utils/html"

export type Html = HtmlEscapedString

/** `false`, `null` and `undefined` leave nothing behind, and lists are put one after the other. No promises, please. */
export const html = template as (strings: TemplateStringsArray, ...values: ReadonlyArray<unknown>) => Html
