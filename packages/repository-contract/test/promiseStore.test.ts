/** A store of async functions and plain values, as somebody without Effect writes it, keeps the contract. */
import { type PromiseStore, repositoryFromPromises, type StoredToken } from "@tokenry/core/adapter"
import { repositoryContract } from "@tokenry/repository-contract"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const memoryStore = (): PromiseStore => {
  const tokens = new Map<string, StoredToken>()
  const holderOf = (digest: string) =>
    [...tokens.values()].find(({ secrets }) => secrets.some((secret) => secret.digest === digest))
  const isTaken = ({ id, secrets }: StoredToken) => secrets.some(({ digest }) => (holderOf(digest)?.id ?? id) !== id)
  const isBehind = (token: StoredToken, position: { readonly createdAt: Date; readonly id: string }) =>
    token.createdAt < position.createdAt ||
    (token.createdAt.getTime() === position.createdAt.getTime() && token.id < position.id)

  return {
    insert: async (token) => {
      if (tokens.has(token.id) || isTaken(token)) return "duplicate"
      tokens.set(token.id, structuredClone(token))
      return "inserted"
    },
    findById: async (id) => structuredClone(tokens.get(id) ?? null),
    findManyById: async (ids) => ids.flatMap((id) => structuredClone(tokens.get(id)) ?? []),
    findByDigest: async (digests) => {
      const holder = digests.map(holderOf).find((token) => token !== undefined)
      return structuredClone(holder ?? null)
    },
    replace: async (token, expectedRevision) => {
      if (tokens.get(token.id)?.revision !== expectedRevision) return "conflict"
      if (isTaken(token)) return "duplicate"
      tokens.set(token.id, structuredClone(token))
      return "replaced"
    },
    listOwnedBy: async ({ ownedBy, after, limit }) =>
      [...tokens.values()]
        .filter((token) => token.ownedBy === ownedBy && (after === null || isBehind(token, after)))
        .sort((left, right) => (isBehind(left, right) ? 1 : -1))
        .slice(0, limit)
        .map((token) => structuredClone(token)),
    scan: async ({ after, limit }) =>
      [...tokens.values()]
        .filter(({ id }) => after === null || id > after)
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, limit)
        .map((token) => structuredClone(token)),
    remove: async (ids) => ids.filter((id) => tokens.delete(id)).length,
  }
}

/** An empty store for each law, because this one looks through all of its tokens. */
const emptyStore = Layer.unwrap(Effect.sync(() => repositoryFromPromises(memoryStore())))

repositoryContract("a store of promises", emptyStore, { runs: 25 })
