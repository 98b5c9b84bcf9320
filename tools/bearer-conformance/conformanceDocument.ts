/** Renders the rules for people, as docs/conformance.md. */
import type { ExpectedAnswer, Rule } from "./Rule.ts"
import { dpopRequired, dpopWithNonces } from "./dpopRules.ts"
import { type RuleGroup, ruleGroups } from "./ruleGroups.ts"
import { baseUrl } from "./sentProofs.ts"

/** The document, as Markdown. */
export const conformanceDocument = (): string => [preface, ...ruleGroups.map(groupIn)].join("\n\n") + "\n"

const preface = `# Bearer tokens over HTTP, rule by rule

Each row is a test. It sends the request as these bytes over a socket to an application with [@tokenry/koa](../packages/koa) (Koa 2
and 3), [@tokenry/fetch](../packages/fetch), [@tokenry/express](../packages/express) (Express 4 and 5, and plain \`node:http\`),
[@tokenry/fastify](../packages/fastify) and [@tokenry/hono](../packages/hono), and compares the response. \`/\` requires any accepted
token, \`/hoard\` one with \`treasure:read\` and \`treasure:delete\`. \`{good}\` and the like stand for a token in that state, \`…\` for
any text, and brackets enclose what only a guard of the route itself adds. Each request also has a \`Host\`, and \`Connection: close\`
unless the server is expected to end the connection.

Every response is also checked for this: it contains no token; a 401 has a challenge; a challenge has only what RFC 6750 §3 and RFC 9449 §7.1 allow;
an error's body is problem details (RFC 9457) with the response's own status. In addition, 1,000 generated \`Authorization\` fields get
the response that an independent parser of the grammar predicts.

The tests generate this file from the rules in \`tools/bearer-conformance\`: \`vitest run --config vitest.workspace.ts --project tools -u\`.`

const groupIn = ({ title, rules, options }: RuleGroup): string =>
  [
    `## ${title}`,
    ...(options?.from === undefined ? [] : [`With \`from: { header: "${options.from.header}" }\`.`]),
    ...(options?.dpop === undefined ? [] : [dpopNote(options.dpop === dpopRequired, options.dpop === dpopWithNonces)]),
    ...(options?.limits === undefined
      ? []
      : ["With `limits` that the owner user-2 and the address 127.0.0.1 have exceeded."]),
    [
      "| source | rule | request | status | WWW-Authenticate | Cache-Control | Vary has | body |",
      "|---|---|---|---|---|---|---|---|",
      ...rules.map(rowOf),
    ].join("\n"),
  ].join("\n\n")

const dpopNote = (isRequired: boolean, hasNonces: boolean): string =>
  `With \`dpop: Dpop.make({ baseUrl: "${baseUrl}"${isRequired ? ", required: true" : ""}${hasNonces ? ", nonceSecret" : ""} })\`. \`{bound}\` is bound to the key of the proofs.`

const rowOf = ({ source, rule, request, body, answer }: Rule): string => {
  const sent = body === undefined ? request : [...request, "", body]
  const cells = [
    source,
    rule.replaceAll("|", "\\|"),
    sent.map((line) => (line === "" ? "" : code(line))).join("<br>"),
    [answer.status].flat().join(" or "),
    headerCell(answer.challenge),
    headerCell(answer.cacheControl),
    headerCell(answer.vary),
    bodyCell(answer),
  ]
  return `| ${cells.join(" | ")} |`
}

/** An empty cell means any value, a dash none. */
const headerCell = (value: string | null | undefined): string => {
  if (value === undefined) return ""
  return value === null ? "–" : code(value)
}

const bodyCell = ({ problem, text, headers = {} }: ExpectedAnswer): string => {
  const others = Object.entries(headers).map(([name, value]) => code(`${name}: ${value}`))
  const content = text === "" ? "(none)" : code(text ?? "")
  return [problem === undefined ? (text === undefined ? "" : content) : code(problem), ...others]
    .filter((part) => part !== "")
    .join("<br>")
}

/** Characters outside printable ASCII are escaped as in JSON. */
const code = (text: string): string => {
  const printable = text.replaceAll(/[^\x20-\x7e…×]/g, (character) => {
    return character === "\t" ? String.raw`\t` : String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, "0")
  })
  return `\`${printable.replaceAll("|", "\\|").replaceAll("`", "'")}\``
}
