/** Writes the rules down for people: docs/conformance.md. */
import type { ExpectedAnswer, Rule } from "./Rule.ts"
import { type RuleGroup, ruleGroups } from "./ruleGroups.ts"

/** The document, as Markdown. */
export const conformanceDocument = (): string => [preface, ...ruleGroups.map(groupIn)].join("\n\n") + "\n"

const preface = `# How bearer tokens are spoken of over HTTP, rule by rule

Each line is a test: the request is sent as these bytes, over a socket, to an application with [@tokenry/koa](../packages/koa) (Koa 2 and
3), [@tokenry/fetch](../packages/fetch), [@tokenry/express](../packages/express) (Express 4 and 5, and plain \`node:http\`),
[@tokenry/fastify](../packages/fastify) and [@tokenry/hono](../packages/hono). \`/\` needs any accepted token, \`/hoard\` one with
\`treasure:read\` and \`treasure:delete\`; \`{good}\` and its like stand for tokens in a state, \`…\` for any text. Each request has a
\`Host\`, and \`Connection: close\` unless the server is to end the connection by itself.

Besides, of every answer: no token is in it; a 401 has a challenge; a challenge has only what RFC 6750 §3 allows; an error's
body is problem details (RFC 9457) with the answer's own status. Of 1,000 generated \`Authorization\` fields, each is answered as a
second reading of the grammar says.

This file is made from the rules in \`tools/bearer-conformance\` by their test: \`vitest run --config vitest.workspace.ts --project tools -u\`.`

const groupIn = ({ title, rules, options }: RuleGroup): string =>
  [
    `## ${title}`,
    ...(options?.from === undefined ? [] : [`With \`from: { header: "${options.from.header}" }\`.`]),
    ...(options?.limits === undefined
      ? []
      : ["With `limits` that the owner user-2 and the address 127.0.0.1 have exceeded."]),
    [
      "| source | rule | request | status | WWW-Authenticate | Cache-Control | Vary has | body |",
      "|---|---|---|---|---|---|---|---|",
      ...rules.map(rowOf),
    ].join("\n"),
  ].join("\n\n")

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

/** Any value is an empty cell, and none a dash. */
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

/** What is not printable ASCII is written as in JSON. */
const code = (text: string): string => {
  const printable = text.replaceAll(/[^\x20-\x7e…×]/g, (character) => {
    return character === "\t" ? String.raw`\t` : String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, "0")
  })
  return `\`${printable.replaceAll("|", "\\|").replaceAll("`", "'")}\``
}
