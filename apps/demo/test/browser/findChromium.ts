/** Finds a Chromium to test with: npm's build on Linux, else an installed Chrome. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { inflate } from "@sparticuz/chromium"
import type { ChromiumForTests } from "./ChromiumForTests.ts"

/** `undefined` if none runs here. The first run on a machine takes some seconds to unpack it. */
export const findChromium = async (): Promise<ChromiumForTests | undefined> => {
  if (process.platform === "linux" && process.arch === "x64") {
    const folder = await unpacked()
    const executablePath = join(folder, "chromium")
    const fonts: Record<string, string> = existsSync("/etc/fonts/fonts.conf")
      ? {}
      : { FONTCONFIG_PATH: join(folder, "fonts") }
    const libraries = { LD_LIBRARY_PATH: join(folder, "al2023/lib") }
    for (const environment of [fonts, { ...fonts, ...libraries }]) {
      const description = await versionOf(executablePath, environment)
      if (description !== undefined) return { executablePath, environment, description }
    }
  }
  const executablePath = installed.find((path) => existsSync(path))
  return executablePath === undefined ? undefined : { executablePath, environment: {}, description: executablePath }
}

const installed: ReadonlyArray<string> = [
  "/usr/bin/google-chrome",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
]

const run = promisify(execFile)

const versionOf = async (executablePath: string, environment: Record<string, string>): Promise<string | undefined> => {
  try {
    const env = { ...process.env, ...environment }
    const { stdout } = await run(executablePath, ["--version"], { env, timeout: 20_000 })
    return stdout.trim()
  } catch {
    return undefined
  }
}

const caches = fileURLToPath(new URL("../../../../node_modules/.cache/chromium-for-tests", import.meta.url))

/**
 * The folder it is unpacked into, named after its version. It appears atomically, so concurrent or interrupted runs never
 * leave half of it.
 */
const unpacked = async (): Promise<string> => {
  const npmPackage = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..")
  const { version } = JSON.parse(await readFile(join(npmPackage, "package.json"), "utf8")) as {
    readonly version: string
  }
  const folder = join(caches, version)
  if (existsSync(folder)) return folder
  await mkdir(caches, { recursive: true })
  const staging = await mkdtemp(join(caches, "unpacking-"))
  try {
    await unpackInto(staging, join(npmPackage, "bin"))
    await rename(staging, folder)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

const archives = ["chromium.br", "swiftshader.tar.br", "fonts.tar.br", "al2023.tar.br"]

/** `inflate` unpacks into the folder for temporary files, as set when it is called. */
const unpackInto = (folder: string, bin: string): Promise<ReadonlyArray<string>> => {
  const { TMPDIR } = process.env
  process.env["TMPDIR"] = folder
  try {
    return Promise.all(archives.map((archive) => inflate(join(bin, archive))))
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = TMPDIR
  }
}
