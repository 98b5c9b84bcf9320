/** What the demo stores besides tokens: accounts, treasures, sessions, idempotency keys, and what OAuth needs. */
import type { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import type { OAuthRecords } from "./OAuthRecords.ts"

export interface Account {
  readonly id: string
  readonly email: string
  readonly passwordHash: string
  readonly isAdmin: boolean
  readonly active: boolean
  /** The scopes of its sessions and tokens. */
  readonly scopes: ReadonlyArray<string>
  /** Incremented when the account is deactivated, which ends sessions of earlier generations. */
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
  /** When the person last entered their password, in milliseconds since 1970. */
  readonly signedInAt?: number
  /** The notice to show on the next page at this path. */
  readonly notice?: { readonly path: string; readonly name: string }
  /** The form-encoded input for the form at this path, from before the session ended. */
  readonly draft?: { readonly path: string; readonly fields: string }
}

/** A position in a list, newest first. */
interface Position {
  readonly createdAt: Date
  readonly id: string
}

export interface Accounts {
  readonly find: (id: string) => Promise<Account | undefined>
  /** Addresses are compared case-insensitively. */
  readonly findByEmail: (email: string) => Promise<Account | undefined>
  readonly all: () => Promise<ReadonlyArray<Account>>
  /**
   * Returns the account after the change; `undefined` if it doesn't exist. Deactivating increments its session
   * generation.
   */
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
  /** Returns the treasure after the change; `undefined` if the owner has none with this id. */
  readonly update: (
    id: string,
    ownedBy: string,
    change: { readonly name?: string; readonly value?: number },
  ) => Promise<Treasure | undefined>
  /** Returns whether the owner had it. */
  readonly remove: (id: string, ownedBy: string) => Promise<boolean>
}

/** Sessions by hashed id, so a stolen database doesn't let anyone sign in. */
export interface Sessions {
  /** `undefined` if it doesn't exist or has expired. */
  readonly get: (idHash: string, now: Date) => Promise<SessionData | undefined>
  readonly set: (idHash: string, data: SessionData, expiresAt: Date) => Promise<void>
  /** Replaces an existing session's data. A removed session stays removed. */
  readonly update: (idHash: string, data: SessionData) => Promise<void>
  readonly remove: (idHash: string) => Promise<void>
}

/** What is known about a reserved key. */
interface HeldKey {
  /** The fingerprint of the request that reserved the key. */
  readonly fingerprint: string
  /** The token that request created; `undefined` while unknown, possibly for ever. */
  readonly tokenId: string | undefined
}

/** Idempotency keys by hash, which combines the key and its owner. */
export interface IdempotencyKeys {
  /**
   * Reserves a free or expired key and returns `undefined`; otherwise returns what holds it. Of several concurrent
   * calls, one succeeds.
   */
  readonly take: (keyHash: string, fingerprint: string, now: Date, expiresAt: Date) => Promise<HeldKey | undefined>
  /** Records what the request holding the key created. */
  readonly settle: (keyHash: string, tokenId: string) => Promise<void>
  /** Frees the key of a request that created nothing. */
  readonly release: (keyHash: string) => Promise<void>
}

/** One database, open. */
export interface Store {
  readonly accounts: Accounts
  readonly treasures: Treasures
  readonly sessions: Sessions
  readonly idempotencyKeys: IdempotencyKeys
  readonly oauthRecords: OAuthRecords
  /** The token repository and its usage store in the same database. */
  readonly tokenRepository: ApiTokenRepository["Service"]
  readonly tokenUsage: TokenUsageStore["Service"]
  /** Whether nothing has been added yet, or adding was interrupted. */
  readonly isEmpty: () => Promise<boolean>
  /**
   * Adds everything unless that was done before, and returns whether it did: of several concurrent calls, one does.
   * Keeps whatever an interrupted attempt has already added.
   */
  readonly addIfEmpty: (accounts: ReadonlyArray<Account>, treasures: ReadonlyArray<Treasure>) => Promise<boolean>
  /** Resolves if the store answers; rejects if it doesn't. */
  readonly ping: () => Promise<void>
  /** Idempotent. */
  readonly close: () => Promise<void>
}
