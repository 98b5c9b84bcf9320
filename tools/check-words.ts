/** Fails on abolished words in code and prose: names that were replaced, and phrases that read like a translation. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const workspace = join(import.meta.dirname, "..")

/** Each with its replacement. */
const abolished: ReadonlyArray<readonly [word: RegExp, instead: string]> = [
  [/untold|markTold/i, "undelivered, markDelivered"],
  [/revokedBecause/i, "revocationReason"],
  [/\bonlooker/i, "VerifyObserver"],
  [/openApiTokens/i, "createApiTokens"],
  [/endOverlap|overlap-ended/i, "endGrace, grace-ended"],
  [/\blook-up/i, "lookup"],
  [/by means of/i, "with, using"],
  [/\bwhoever\b/i, "the client, the caller, anyone who"],
  [/\bnothing but\b/i, "only"],
  [/WayBesides/, "TokenLocation"],
  [/\bleeway\b|endOfOverlap|\boverlapEnds\b/i, "grace period, graceEnds"],
  [/\bexercised\b/i, "recordScopeUse, used"],
  [/\bso much as\b/i, "even"],
  [/\btold of\b/i, "receives, reported"],
  [/\bwho asks\b/i, "the caller, the client"],
]

const files = execFileSync("git", ["ls-files", "*.ts", "*.md", "*.js"], { cwd: workspace, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && file !== "tools/check-words.ts")

const findings = files.flatMap((file) =>
  readFileSync(join(workspace, file), "utf8")
    .split("\n")
    .flatMap((line, index) =>
      abolished.flatMap(([word, instead]) => {
        const found = word.exec(line)?.[0]
        return found === undefined ? [] : [`${file}:${index + 1}: "${found}"; write: ${instead}`]
      }),
    ),
)

if (findings.length > 0) {
  console.error(findings.join("\n"))
  process.exit(1)
}
console.log(`${files.length} files without an abolished word.`)
