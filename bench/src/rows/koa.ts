/** Requests a second and CPU time per request of Koa with authentication, beside Koa without any. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import autocannon from "autocannon"
import type { Measure } from "../families.ts"
import { figureOf } from "../inRounds.ts"
import type { Listening } from "../koaServer.ts"
import { duration, figureRow } from "../Row.ts"

const contestants = { bare: "bare Koa", hand: "by hand", ours: "`bearer` and one scope", koaJwt: "koa-jwt" } as const
type Name = keyof typeof contestants
const names = Object.keys(contestants) as ReadonlyArray<Name>

const connections = 32
/** Few, so that the servers take turns often: the machine's other load then affects all of them equally. */
const requestsInARound = { bare: 1000, hand: 1000, ours: 1000, koaJwt: 300 }
/** Compilers optimise Koa, and what runs in it, during the first requests. */
const roundsToWarmUp = 8

interface Server extends Listening {
  readonly process: ChildProcess
}

export const measure: Measure = async ({ isFull }) => {
  const servers = new Map<Name, Server>()
  try {
    for (const name of names) servers.set(name, await start(name))
    const samples = new Map(names.map((name) => [name, { perSecond: [] as Array<number>, cpu: [] as Array<number> }]))
    const rounds = roundsToWarmUp + (isFull ? 120 : 30)
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < names.length; turn++) {
        const name = names[(round + turn) % names.length] as Name
        const { perSecond, cpu } = await load(servers.get(name) as Server, requestsInARound[name])
        if (round < roundsToWarmUp) continue
        samples.get(name)?.perSecond.push(perSecond)
        samples.get(name)?.cpu.push(cpu)
      }
    }
    const of = (name: Name, by: "perSecond" | "cpu") => samples.get(name)?.[by] ?? []
    const beside = (name: Name, other: Name, by: "perSecond" | "cpu") =>
      figureOf(of(name, by).map((sample, round) => sample / (of(other, by)[round] as number)))
    const figure = (name: Name, by: "perSecond" | "cpu") => {
      const { median } = figureOf(of(name, by))
      return by === "cpu" ? duration(median) : `${median.toFixed(0)} requests/s`
    }
    const row = (name: Name, other: Name, by: "perSecond" | "cpu", goal = {}) => {
      const what = by === "cpu" ? "CPU per request" : "requests a second"
      return figureRow(
        `${what} with ${contestants[name]}, beside ${contestants[other]}`,
        "×",
        beside(name, other, by),
        {
          detail: `${figure(name, by)} beside ${figure(other, by)}`,
          ...goal,
        },
      )
    }
    return [
      row("ours", "bare", "perSecond", { goal: { atLeast: 0.85 } }),
      row("ours", "bare", "cpu", { goal: { atMost: 1.15 } }),
      row("hand", "bare", "perSecond"),
      row("hand", "bare", "cpu"),
      row("koaJwt", "bare", "perSecond"),
      row("koaJwt", "bare", "cpu"),
      row("ours", "koaJwt", "cpu"),
    ]
  } finally {
    for (const { process } of servers.values()) await stop(process)
  }
}

const start = async (name: Name): Promise<Server> => {
  const child = fork(join(import.meta.dirname, "../koaServer.ts"), [name], { execArgv: process.execArgv })
  const [listening] = (await once(child, "message")) as [Listening]
  for (const header of listening.good.slice(0, 20)) await assertStatus(name, listening.url, header, 200)
  if (name !== "bare") for (const header of listening.bad) await assertStatus(name, listening.url, header, 401)
  return { ...listening, process: child }
}

const assertStatus = async (name: Name, url: string, authorization: string, expected: number): Promise<void> => {
  const response = await fetch(url, { headers: { authorization } })
  await response.arrayBuffer()
  if (response.status === expected) return
  throw new Error(`${contestants[name]} can't be timed: it answers ${response.status} where it must answer ${expected}`)
}

const load = async (server: Server, amount: number): Promise<{ readonly perSecond: number; readonly cpu: number }> => {
  const before = await cpuOf(server.process)
  let connected = 0
  // autocannon itself only looks at the clock once a second.
  let [first, last] = [0, 0]
  const { non2xx, errors, requests } = await autocannon({
    url: server.url,
    connections,
    amount,
    sampleInt: 20,
    // A machine that is very busy stalls a request for longer than the default of ten seconds.
    timeout: 120,
    // Each connection sends other tokens, and together they send all.
    setupClient: (client) => {
      const place = connected++
      const own = server.good.filter((_, index) => index % connections === place)
      client.on("response", () => {
        last = performance.now()
        if (first === 0) first = last
      })
      client.setRequests(own.map((authorization) => ({ headers: { authorization } })))
    },
  })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests to ${server.url} failed`)
  const cpu = ((await cpuOf(server.process)) - before) / requests.total
  return { perSecond: ((requests.total - 1) * 1000) / (last - first), cpu }
}

/** Nanoseconds of CPU time that the server has taken. */
const cpuOf = async (server: ChildProcess): Promise<number> => {
  server.send("cpu")
  const [{ user, system }] = (await once(server, "message")) as [NodeJS.CpuUsage]
  return (user + system) * 1000
}

const stop = async (server: ChildProcess): Promise<void> => {
  const ended = once(server, "exit")
  server.kill()
  await ended
}
