/** Verifies in memory, with promises: beside hand-written code, and a malformed token beside a valid one. */
import { hash } from "node:crypto"
import { crc32 } from "node:zlib"
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { compare, type Comparison, timeOf } from "./compare.ts"
import { request, requirement, scopes } from "./setting.ts"

const calls = 30_000
const rounds = 40

export const compareInMemory = async (): Promise<ReadonlyArray<Comparison>> => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
  const { plaintext } = await tokens.issue(request)
  const presented = Buffer.from(plaintext).toString()
  const malformed = Buffer.from(presented.slice(0, -1) + (presented.endsWith("0") ? "1" : "0")).toString()
  const byHand = handWritten([presented])
  const verify = timeOf(calls, () => tokens.verify(presented, requirement))
  return [
    await compare("verify in memory, beside hand-written code", "<= 1.5", rounds, {
      byHand: timeOf(calls, () => byHand(presented, "treasure:read")),
      ours: verify,
    }),
    await compare("verify in memory, beside hand-written code without a format check", "-", rounds, {
      byHand: timeOf(calls, () => byHand.withoutFormat(presented, "treasure:read")),
      ours: verify,
    }),
    await compare("a malformed token, beside a valid one", "<= 0.2", rounds, {
      byHand: verify,
      ours: timeOf(calls, () => tokens.verify(malformed, requirement)),
    }),
  ]
}

/**
 * The minimum that does the same: format and checksum, hash, lookup, revoked, expired, scope. No catalogue, no reasons.
 */
export const handWritten = (plaintexts: ReadonlyArray<string>) => {
  const row = { id: 1, owner: request.ownedBy, scopes: request.scopes, expiresAt: Date.now() + 1e10, revokedAt: null }
  const rows = new Map(plaintexts.map((plaintext) => [hash("sha256", plaintext, "hex"), { ...row }]))
  const format = /^tok_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  const base62 = (value: number) => {
    let text = ""
    for (let rest = value; text.length < 6; rest = Math.floor(rest / 62)) text = alphabet[rest % 62] + text
    return text
  }
  const withoutFormat = async (token: string, scope: "treasure:read") => {
    const row = rows.get(hash("sha256", token, "hex"))
    if (row === undefined || row.revokedAt !== null || row.expiresAt <= Date.now()) return undefined
    return row.scopes.includes(scope) ? { id: row.id, owner: row.owner, scopes: row.scopes } : undefined
  }
  const byHand = async (token: string, scope: "treasure:read") => {
    const match = format.exec(token)
    if (match === null || base62(crc32(match[1] as string)) !== match[2]) return undefined
    const row = rows.get(hash("sha256", token, "hex"))
    if (row === undefined || row.revokedAt !== null || row.expiresAt <= Date.now()) return undefined
    return row.scopes.includes(scope) ? { id: row.id, owner: row.owner, scopes: row.scopes } : undefined
  }
  return Object.assign(byHand, { withoutFormat })
}
