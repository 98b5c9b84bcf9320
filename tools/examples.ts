/** The programs in the READMEs: what stands in their fences marked `ts`. Each is whole, and ends by itself. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface Example {
  /** Unique, and fit for a file's name. */
  readonly name: string
  readonly code: string
}

const workspace = join(import.meta.dirname, "..")

export const allExamples = (): ReadonlyArray<Example> =>
  globSync(["README.md", "packages/*/README.md", "apps/*/README.md"], { cwd: workspace }).flatMap((file) =>
    examplesIn(readFileSync(join(workspace, file), "utf8")).map((code, index) => ({
      name: `${file.replace(/\W+/g, "-")}-${index + 1}`,
      code,
    })),
  )

const examplesIn = (markdown: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code]) => code ?? "")

/** With these, an example that starts a server gets a free port, and ends when there is nothing else to do. */
export const nodeOptions: ReadonlyArray<string> = [
  "--import",
  `data:text/javascript,${encodeURIComponent(`
    import { Server } from "node:net"
    const { listen } = Server.prototype
    Server.prototype.listen = function (port, ...rest) { return listen.call(this, 0, ...rest).unref() }
  `)}`,
]

/**
 * The programs of the READMEs that need a server, or a test runner: what stands in fences marked `typescript`. They are
 * type-checked, but not run.
 */
export const examplesForTypes = (): ReadonlyArray<Example> =>
  globSync("packages/*/README.md", { cwd: workspace }).flatMap((file) =>
    Array.from(readFileSync(join(workspace, file), "utf8").matchAll(/^```typescript\n([\s\S]*?)^```$/gm))
      .map(([, code = ""], index) => ({ name: `${file.replace(/\W+/g, "-")}-typescript-${index + 1}`, code }))
      .filter(({ code }) => !code.includes('from "../')),
  )
