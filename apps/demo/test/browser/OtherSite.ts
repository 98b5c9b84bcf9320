/** Somebody else's site with one page, on another port of this host or on another host. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

/** Cookies ignore ports: 127.0.0.1 is one site, localhost another. */
export type Host = "127.0.0.1" | "localhost"

/** Serves the page until the test ends, and resolves to its address. */
export const anOtherSite = async (host: Host, markup: string): Promise<string> => {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8")
    response.end(`<!doctype html><html lang="en"><title>Prizes</title><h1>Prizes</h1>${markup}</html>`)
  }).listen(0, host)
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://${host}:${(server.address() as AddressInfo).port}`
}

/** A form that sends these fields to an address when its button is pressed. */
export const trapFor = (action: string, fields: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const inputs = fields.map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  return `<form method="post" action="${escaped(action)}">${inputs.join("")}<button>Win</button></form>`
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")
