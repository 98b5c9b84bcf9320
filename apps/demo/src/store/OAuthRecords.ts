/** What the authorization server stores: clients, grants, codes, refresh tokens, sessions. One table for all of them. */

/** A record as it is written. */
export interface OAuthRecord {
  /** Its kind and its hashed id, which for codes and refresh tokens is the secret itself. */
  readonly key: string
  readonly kind: string
  readonly payload: object
  /** The grant it belongs to, with which it goes. */
  readonly grantId: string | undefined
  /** Of a grant: the person. */
  readonly accountId: string | undefined
  /** Of a grant: the app. */
  readonly clientId: string | undefined
  /** The hash of a second id it can be found by. */
  readonly uidHash: string | undefined
  readonly expiresAt: Date
}

/** A record as it is found. */
export interface FoundRecord {
  readonly payload: object
  readonly consumedAt: Date | undefined
}

/** A person's consent to an app. */
export interface StoredGrant {
  readonly id: string
  readonly accountId: string
  readonly clientId: string
  readonly payload: object
}

/** Expired records are never found, and are removed in the background or with later writes. */
export interface OAuthRecords {
  readonly find: (key: string, now: Date) => Promise<FoundRecord | undefined>
  readonly findByUid: (uidHash: string, now: Date) => Promise<FoundRecord | undefined>
  /** Writes the record, replacing one with the same key. */
  readonly put: (record: OAuthRecord, now: Date) => Promise<void>
  /** Marks the record as consumed. Exactly one of several concurrent calls returns true. False for an unknown record. */
  readonly consume: (key: string, now: Date) => Promise<boolean>
  readonly remove: (key: string) => Promise<void>
  /** Removes the records of this kind that belong to the grant. */
  readonly removeOfGrant: (kind: string, grantId: string) => Promise<void>
  /** Makes the record last at least until then. */
  readonly keepUntil: (key: string, expiresAt: Date) => Promise<void>
  /** The live grants of a person or for an app. */
  readonly grants: (
    of: { readonly accountId?: string; readonly clientId?: string },
    now: Date,
  ) => Promise<ReadonlyArray<StoredGrant>>
  /** The ids of the apps that have live grants, sorted. */
  readonly grantedClients: (now: Date) => Promise<ReadonlyArray<string>>
}
