import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"

const workspace = join(import.meta.dirname, "../..")
const repository = "https://github.com/tokenry/tokenry/"

const documents = globSync(["*.md", "docs/*.md", "recipes/*.md", "apps/*/README.md", "packages/*/README.md"], {
  cwd: workspace,
})

const read = (file: string): string => readFileSync(join(workspace, file), "utf8")

/** The links in a document's prose, and its pictures. */
const linksIn = (markdown: string): ReadonlyArray<string> => {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, "")
  return Array.from(
    prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g),
    ([, link, picture]) => link ?? picture ?? "",
  )
}

/** The anchors of a document's headings, as GitHub makes them. */
const anchorsIn = (markdown: string): ReadonlyArray<string> =>
  Array.from(markdown.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  )

/** The path and anchor of a link into this repository; `undefined` for other links. */
const targetOf = (document: string, link: string): { readonly file: string; readonly anchor: string } | undefined => {
  const [path = "", anchor = ""] = link.split("#")
  const absolute = new RegExp(`^${repository}(?:blob|tree)/main/(.+)`).exec(path)?.[1]
  if (absolute !== undefined) return { file: absolute, anchor }
  if (/^https?:/.test(link)) return undefined
  return { file: path === "" ? document : join(dirname(document), path), anchor }
}

it.each(documents)("every link of %s into the repository leads somewhere", (document) => {
  const broken = linksIn(read(document)).filter((link) => {
    const target = targetOf(document, link)
    if (target === undefined) return false
    const { file, anchor } = target
    if (!existsSync(join(workspace, file))) return true
    if (anchor === "" || !file.endsWith(".md")) return anchor !== "" && !statSync(join(workspace, file)).isDirectory()
    return !anchorsIn(read(file)).includes(anchor)
  })
  expect(broken).toEqual([])
})

it.each(documents.filter((document) => document.startsWith("packages/")))(
  "%s has absolute links, which work outside the repository too",
  (document) => {
    const relative = linksIn(read(document)).filter((link) => !/^(https:|#)/.test(link))
    expect(relative).toEqual([])
  },
)

it.each(globSync("packages/*/package.json", { cwd: workspace }))("%s says where the package comes from", (file) => {
  const manifest: unknown = JSON.parse(read(file))
  expect(manifest).toMatchObject({
    repository: { url: `git+${repository.slice(0, -1)}.git`, directory: dirname(file) },
    homepage: `${repository}tree/main/${dirname(file)}#readme`,
    bugs: `${repository}issues`,
    keywords: expect.arrayContaining(["api-tokens"]),
  })
})

it("ARCHITECTURE.md names only files and folders that exist", () => {
  const architecture = read("ARCHITECTURE.md")
  const paths = Array.from(architecture.matchAll(/`((?:packages|apps|tools|docs)\/[^`]+)`/g), ([, path = ""]) => path)
  expect(paths.length).toBeGreaterThan(20)
  expect(paths.filter((path) => !existsSync(join(workspace, path)))).toEqual([])

  const rows = architecture.matchAll(/^\| where in `([^`]+)`[\s\S]*?(?=\n\n)/gm)
  for (const [table = "", folder = ""] of rows) {
    const names = Array.from(table.matchAll(/^\| (`[^|]+`) \|/gm), ([, cell = ""]) => cell.split(", "))
      .flat()
      .map((name) => name.replaceAll("`", ""))
    expect(names.filter((name) => !existsSync(join(workspace, folder, name)))).toEqual([])
  }
})
