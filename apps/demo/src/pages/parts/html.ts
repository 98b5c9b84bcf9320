/** HTML templates that escape everything except markup. */
import { html as template } from "hono/html"
import type { HtmlEscapedString } from "hono/utils/html"

export type Html = HtmlEscapedString

/** `false`, `null` and `undefined` render nothing; lists are concatenated. Promises aren't supported. */
export const html = template as (strings: TemplateStringsArray, ...values: ReadonlyArray<unknown>) => Html
