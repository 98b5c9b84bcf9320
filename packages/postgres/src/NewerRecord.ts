/** Says which row a newer version of this package has written, for the person who upgrades one process after another. */
import { Data } from "effect"

/**
 * A newer version wrote this token in a way that this version can't read, or must not overwrite. It is the cause of a
 * `RepositoryUnavailable`, never a verdict: a process that is upgraded already answers.
 */
export class NewerRecord extends Data.TaggedError("NewerRecord")<{
  /** The token's id; empty if several are meant. */
  readonly id: string
}> {
  override get message(): string {
    return `A newer version of Tokenry wrote ${this.id === "" ? "some of the tokens" : `the token ${this.id}`}: upgrade this process`
  }
}
