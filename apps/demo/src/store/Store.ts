/** What the demo keeps besides tokens: accounts, treasures, sessions and idempotency keys. */
import type { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"

export interface Account {
  readonly id: string
  readonly email: string
  readonly passwordHash: string
  readonly isAdmin: boolean
  readonly active: boolean
  /** What its sessions and tokens may do. */
  readonly scopes: ReadonlyArray<string>
  /** Raised when the account is deactivated: sessions of an earlier generation are over. */
  readonly sessionGeneration: number
}

export interface Treasure {
  readonly id: string
  readonly ownedBy: string
  readonly name: string
  /** In doubloons. */
  readonly value: number
  readonly createdAt: Date
}

export interface SessionData {
  readonly accountId: string
  readonly sessionGeneration: number
  /** When its person last typed their password, in milliseconds since 1970. */
  readonly signedInAt?: number
  /** What the next page at this path says has just been done. */
  readonly notice?: { readonly path: string; readonly name: string }
  /** What was typed into the form at this path when the session before had ended, as a form encodes it. */
  readonly draft?: { readonly path: string; readonly fields: string }
}

/** A place in a list, the newest first. */
interface Position {
  readonly createdAt: Date
  readonly id: string
}

export interface Accounts {
  readonly find: (id: string) => Promise<Account | undefined>
  /** Addresses differ regardless of case. */
  readonly findByEmail: (email: string) => Promise<Account | undefined>
  readonly all: () => Promise<ReadonlyArray<Account>>
  /** The account after the change; `undefined` if there is none. Deactivating raises its session generation. */
  readonly update: (
    id: string,
    change: { readonly active?: boolean; readonly scopes?: ReadonlyArray<string> },
  ) => Promise<Account | undefined>
}

export interface Treasures {
  readonly add: (treasure: Treasure) => Promise<void>
  readonly listOwnedBy: (
    ownedBy: string,
    limit: number,
    after: Position | undefined,
  ) => Promise<ReadonlyArray<Treasure>>
  /** The treasure after the change; `undefined` if the owner has none with this id. */
  readonly update: (
    id: string,
    ownedBy: string,
    change: { readonly name?: string; readonly value?: number },
  ) => Promise<Treasure | undefined>
  /** Whether the owner had it. */
  readonly remove: (id: string, ownedBy: string) => Promise<boolean>
}

/** Sessions under the hashes of their ids, so that a stolen database signs nobody in. */
export interface Sessions {
  /** `undefined` if there is none or it is over. */
  readonly get: (idHash: string, now: Date) => Promise<SessionData | undefined>
  readonly set: (idHash: string, data: SessionData, expiresAt: Date) => Promise<void>
  /** Replaces the data of a session that is there. One that was removed meanwhile stays so. */
  readonly update: (idHash: string, data: SessionData) => Promise<void>
  readonly remove: (idHash: string) => Promise<void>
}

/** What is known of a key that is not free. */
interface HeldKey {
  /** Of the request that took the key. */
  readonly fingerprint: string
  /** What that request made; `undefined` as long as that is not known, which may be for ever. */
  readonly tokenId: string | undefined
}

/** Idempotency keys under hashes, of which one stands for a key and an owner together. */
export interface IdempotencyKeys {
  /** Takes a key that is free or over: `undefined`. Else what holds it. Of any number that try at once, one takes it. */
  readonly take: (keyHash: string, fingerprint: string, now: Date, expiresAt: Date) => Promise<HeldKey | undefined>
  /** Remembers what the request that took the key has made. */
  readonly settle: (keyHash: string, tokenId: string) => Promise<void>
  /** Frees a key whose request has made nothing. */
  readonly release: (keyHash: string) => Promise<void>
}

/** One database, open. */
export interface Store {
  readonly accounts: Accounts
  readonly treasures: Treasures
  readonly sessions: Sessions
  readonly idempotencyKeys: IdempotencyKeys
  /** The tokens' repository in the same database, and the record of their uses. */
  readonly tokenRepository: ApiTokenRepository["Service"]
  readonly tokenUsage: TokenUsageStore["Service"]
  /** Whether nothing was added yet, or adding it was interrupted. */
  readonly isEmpty: () => Promise<boolean>
  /**
   * Adds all of it unless that was done before. Says whether it did: of any number that try at once, one. What has been
   * added by an attempt that was interrupted stays as it is.
   */
  readonly addIfEmpty: (accounts: ReadonlyArray<Account>, treasures: ReadonlyArray<Treasure>) => Promise<boolean>
  /** Resolves if the store answers; rejects if it doesn't. */
  readonly ping: () => Promise<void>
  /** Idempotent. */
  readonly close: () => Promise<void>
}
