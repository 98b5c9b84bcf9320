/** Reports which row a newer version of this package wrote, for the person running a rolling upgrade. */
import * as Data from "effect/Data"

/**
 * A newer version wrote this token in a way this version can't read, or must not overwrite. It is the cause of a
 * `RepositoryUnavailable`, never a verdict, so that a client's retry can reach an upgraded process.
 */
export class NewerRecord extends Data.TaggedError("NewerRecord")<{
  /** The token's id; empty for several tokens. */
  readonly id: string
}> {
  override get message(): string {
    return `A newer version of Tokenry wrote ${this.id === "" ? "some of the tokens" : `the token ${this.id}`}: upgrade this process`
  }
}
