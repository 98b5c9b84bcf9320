/** The programs in the documentation: each fence marked `ts` is a complete program that ends by itself. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface Example {
  /** Unique, and safe as a file name. */
  readonly name: string
  readonly code: string
}

const workspace = join(import.meta.dirname, "..")

/** The files whose examples are run. */
const files = ["README.md", "docs/*.md", "packages/*/README.md", "apps/*/README.md"]

export const allExamples = (): ReadonlyArray<Example> =>
  globSync(files, { cwd: workspace }).flatMap((file) =>
    examplesIn(readFileSync(join(workspace, file), "utf8")).map((code, index) => ({
      name: `${file.replace(/\W+/g, "-")}-${index + 1}`,
      code,
    })),
  )

/** The recipes of the cookbook. */
export const recipes = (): ReadonlyArray<Example> =>
  allExamples().filter(({ name }) => name.startsWith("docs-cookbook-md-"))

const examplesIn = (markdown: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code]) => code ?? "")

/** A program's lines without imports and blank lines. */
export const linesOf = (code: string): ReadonlyArray<string> =>
  code.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "))

/**
 * Whether the program printed what its comments say: the one after each `console.log`, in order. `…` stands for
 * anything, and output without a comment may be anything. Whitespace and kinds of quotes don't matter.
 */
export const printsAsItSays = (code: string, printed: string): boolean => {
  const comments = Array.from(code.matchAll(/console\.log\(.*\) *\/\/ (.*)$/gm), ([, comment]) => comment ?? "")
  const parts = comments.flatMap((comment) => comment.split("…")).map(plain)
  const output = plain(printed)
  let position = 0
  return parts.every((part) => {
    const found = output.indexOf(part, position)
    position = found + part.length
    return found >= 0
  })
}

const plain = (text: string): string => text.replaceAll(/\s/g, "").replaceAll('"', "'")

/** Gives an example that starts a server a free port, and ends it when there is nothing left to do. */
export const nodeOptions: ReadonlyArray<string> = [
  "--import",
  `data:text/javascript,${encodeURIComponent(`
    import { Server } from "node:net"
    const { listen } = Server.prototype
    Server.prototype.listen = function (port, ...rest) { return listen.call(this, 0, ...rest).unref() }
  `)}`,
]

/**
 * The READMEs' programs that need a server or a test runner: the fences marked `typescript`. They are type-checked, but
 * not run.
 */
export const examplesForTypes = (): ReadonlyArray<Example> =>
  globSync("packages/*/README.md", { cwd: workspace }).flatMap((file) =>
    Array.from(readFileSync(join(workspace, file), "utf8").matchAll(/^```typescript\n([\s\S]*?)^```$/gm))
      .map(([, code = ""], index) => ({ name: `${file.replace(/\W+/g, "-")}-typescript-${index + 1}`, code }))
      .filter(({ code }) => !code.includes('from "../')),
  )
