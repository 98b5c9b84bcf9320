/** CPU time until a new process has imported the packages, as packed, beside what Koa and an empty program take. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import type { Measure } from "../families.ts"
import { figureOf } from "../inRounds.ts"
import { unpackBesidePeers } from "../packed.ts"
import type { Goal, Row } from "../Row.ts"
import { temporaryFolder } from "../temporaryFolder.ts"

const modules = {
  nothing: [],
  koa: ["koa"],
  core: ["@tokenry/core/promise"],
  adapter: ["@tokenry/koa"],
} as const
type Name = keyof typeof modules
const names = Object.keys(modules) as ReadonlyArray<Name>

export const measure: Measure = async ({ isFull }) => {
  using folder = temporaryFolder()
  await unpackBesidePeers(folder.path)
  const samples = new Map(names.map((name) => [name, [] as Array<number>]))
  const rounds = isFull ? 31 : 9
  // The first round reads the files into the system's cache.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const seconds = await cpuToImport(modules[name], folder.path)
      if (round >= 0) samples.get(name)?.push(seconds)
    }
  }
  const of = (name: Name) => samples.get(name) ?? []
  const ratio = (name: Name, other: Name) =>
    figureOf(of(name).map((each, round) => each / (of(other)[round] as number)))
  // Takes the quickest round: an import always does the same work, and other programs can only slow it down.
  const seconds = (what: string, name: Name, goal?: Goal): Row => {
    const { median, quartiles } = ratio(name, "koa")
    const beside = `; ${median.toFixed(2)} × koa's (${quartiles.map((quartile) => quartile.toFixed(2)).join("–")})`
    const isOurs = name === "core" || name === "adapter"
    return {
      what,
      value: Math.min(...of(name)),
      unit: "s",
      detail: `the median is ${figureOf(of(name)).median.toFixed(2)} s${isOurs ? beside : ""}`,
      ...(goal === undefined ? {} : { goal }),
    }
  }
  return [
    seconds("CPU to import @tokenry/core/promise", "core", { atMost: 0.16 }),
    seconds("CPU to import @tokenry/koa", "adapter", { atMost: 0.25 }),
    seconds("CPU to import koa", "koa"),
    seconds("CPU of an empty program", "nothing"),
  ]
}

const cpuToImport = async (specifiers: ReadonlyArray<string>, cwd: string): Promise<number> => {
  const program = `
    ${specifiers.map((specifier) => `await import(${JSON.stringify(specifier)})`).join("\n")}
    const { user, system } = process.cpuUsage()
    console.log((user + system) / 1e6)`
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd })
  return Number(stdout)
}
