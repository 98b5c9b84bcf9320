/** People who have signed in through the sign-in page. */
import type { Demo } from "../../src/Demo.ts"
import { credentialsOf } from "../Client.ts"
import { aPerson, type PersonOptions } from "./browser.ts"
import type { Person } from "./Person.ts"

/** On the page that follows the sign-in. */
export const signedIn = async (
  { publicUrl }: Pick<Demo, "publicUrl">,
  account: string,
  options: PersonOptions = {},
): Promise<Person> => {
  const person = await aPerson(publicUrl, options)
  await person.goTo("/login")
  await signIn(person, account)
  await person.sees("Your tokens")
  return person
}

/** Starts from the sign-in form. */
export const signIn = async (person: Person, account: string): Promise<void> => {
  const { email, password } = credentialsOf(account)
  await person.fill("Email address", email)
  await person.fill("Password", password)
  await person.press("Sign in")
}
