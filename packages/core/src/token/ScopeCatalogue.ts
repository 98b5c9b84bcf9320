/** Which scopes there are, what each means to people, and which others each implies. */
import { Scope } from "./Scope.ts"

/** One scope's entry: a sentence for people, or that and the scopes that it implies. */
export type ScopeDeclaration = string | { readonly description: string; readonly implies?: ReadonlyArray<string> }

/** The declared scopes. Closures are worked out once, when the catalogue is made. */
export class ScopeCatalogue {
  /** In the order of their declaration. */
  readonly scopes: ReadonlyArray<Scope>
  readonly #descriptions: ReadonlyMap<string, string>
  readonly #closures: ReadonlyMap<string, ReadonlyArray<Scope>>

  private constructor(declarations: ReadonlyMap<Scope, { description: string; implies: ReadonlyArray<string> }>) {
    this.scopes = [...declarations.keys()]
    this.#descriptions = new Map([...declarations].map(([scope, { description }]) => [scope, description]))
    this.#closures = new Map(this.scopes.map((scope) => [scope, closure(scope, declarations)]))
  }

  /**
   * A catalogue from its declarations:
   *
   *     ScopeCatalogue.make({
   *       "treasure:read": "See your treasures",
   *       "treasure:edit": { description: "Change your treasures", implies: ["treasure:read"] }
   *     })
   *
   * @throws Error if a name is no RFC 6749 scope-token, a sentence is missing, or an implied scope is not declared.
   */
  static make(declarations: Readonly<Record<string, ScopeDeclaration>>): ScopeCatalogue {
    const entries = new Map<Scope, { description: string; implies: ReadonlyArray<string> }>()
    for (const [name, declaration] of Object.entries(declarations)) {
      if (!Scope.is(name)) throw new Error(`ScopeCatalogue: ${JSON.stringify(name)} is not an RFC 6749 scope-token`)
      const { description, implies = [] } = typeof declaration === "string" ? { description: declaration } : declaration
      if (typeof description !== "string" || description.trim() === "") {
        throw new Error(`ScopeCatalogue: ${name} needs a sentence that says what it allows`)
      }
      entries.set(name, { description, implies })
    }
    for (const [name, { implies }] of entries) {
      const unknown = implies.find((implied) => !Scope.is(implied) || !entries.has(implied))
      if (unknown !== undefined) throw new Error(`ScopeCatalogue: ${name} implies ${unknown}, which is not declared`)
    }
    return new ScopeCatalogue(entries)
  }

  has(scope: string): scope is Scope {
    return this.#closures.has(scope)
  }

  /** What is wrong with a scope that is asked for, as a sentence's end; `undefined` if it is declared. */
  flawOf(scope: string): string | undefined {
    if (this.has(scope)) return undefined
    const nearest = this.nearest(scope)
    return `${undeclared}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`
  }

  /**
   * The same for many scopes, in their order. A declared scope is suggested for the first five flaws only: it costs a
   * comparison with every declared scope of similar length.
   */
  flawsOf(scopes: ReadonlyArray<string>): ReadonlyArray<string | undefined> {
    let suggestions = suggestedAtMost
    return scopes.map((scope) => {
      if (this.has(scope)) return undefined
      return suggestions-- > 0 ? this.flawOf(scope) : undeclared
    })
  }

  /** Those of the scopes that are not declared (any longer). Stored in a token, they grant nothing. */
  undeclared(scopes: ReadonlyArray<string>): ReadonlyArray<string> {
    return scopes.filter((scope) => !this.has(scope))
  }

  /** The sentence that says to a person what the scope allows; `undefined` for a scope that is not declared. */
  descriptionOf(scope: string): string | undefined {
    return this.#descriptions.get(scope)
  }

  /**
   * The scopes with all that they imply, each once. A scope that is not declared (any longer) grants nothing and is
   * left out.
   */
  close(scopes: ReadonlyArray<string>): ReadonlyArray<Scope> {
    if (scopes.length === 1) return this.#closures.get(scopes[0] as string) ?? []
    const closed = new Set<Scope>()
    for (const scope of scopes) for (const implied of this.#closures.get(scope) ?? []) closed.add(implied)
    return [...closed]
  }

  /** The declared scope that is spelled most like the given one; `undefined` if none is near. */
  nearest(scope: string): Scope | undefined {
    let nearest: { readonly declared: Scope; readonly distance: number } | undefined
    for (const declared of this.scopes) {
      const tolerance = Math.max(2, declared.length / 3)
      if (Math.abs(declared.length - scope.length) > tolerance) continue
      const distance = editDistance(scope, declared)
      if (distance <= tolerance && distance < (nearest?.distance ?? Infinity)) nearest = { declared, distance }
    }
    return nearest?.declared
  }
}

const undeclared = "must be a declared scope"
const suggestedAtMost = 5

const closure = (
  scope: Scope,
  declarations: ReadonlyMap<string, { readonly implies: ReadonlyArray<string> }>,
): ReadonlyArray<Scope> => {
  const reached = new Set([scope])
  for (const next of reached) for (const implied of declarations.get(next)?.implies ?? []) reached.add(implied as Scope)
  return Object.freeze([...reached])
}

/** Levenshtein's distance: how many characters to insert, delete or replace. */
const editDistance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < right.length; j++) {
      const replaced = (row[j] ?? 0) + (left[i] === right[j] ? 0 : 1)
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, replaced))
    }
    row = next
  }
  return row[right.length] ?? 0
}
