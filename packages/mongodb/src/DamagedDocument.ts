/** Says which stored document can't be read, for the person who has to repair it. */
import { Data } from "effect"

/**
 * A document in one of the repository's collections is not one that was written here: a field is missing, or holds something of
 * another type, an expiry as text for example. It is a defect and no outage: asking again does not help, and no token
 * is accepted or refused by it. Repair the document or delete it. The message holds no value of it.
 */
export class DamagedDocument extends Data.TaggedError("DamagedDocument")<{
  /** The document's id, which is the token's or begins with it; the type of what stands in its place if that is no string. */
  readonly id: string
  /** The path of the first field that is wrong: `secrets.0.digest`. */
  readonly field: string
}> {
  override get message(): string {
    return `The stored document ${this.id} is damaged: its field ${this.field} is missing or has a wrong type`
  }
}
