/** The declared scopes: what each means to people, and which others it implies. */
import { editDistance } from "./editDistance.ts"
import { Scope } from "./Scope.ts"

/** Whether the value was made by `ScopeCatalogue.make`. */
export const isCatalogue = (value: unknown): boolean => value instanceof ScopeCatalogue

/** The names that a catalogue declares: `type Scope = ScopeOf<typeof catalogue>`. */
export type ScopeOf<C> = C extends ScopeCatalogue<infer S> ? S : never

/** One scope's entry: a sentence for people, optionally with the scopes it implies. */
export type ScopeDeclaration<S extends string = string> =
  | string
  | { readonly description: string; readonly implies?: ReadonlyArray<S> }

/** The declared scopes; `S` is the union of their names. Closures are computed once, on creation. */
export class ScopeCatalogue<out S extends string = string> {
  /** In declaration order. */
  readonly scopes: ReadonlyArray<Scope & S>
  readonly #descriptions: ReadonlyMap<string, string>
  readonly #closures: ReadonlyMap<string, ReadonlyArray<Scope & S>>

  private constructor(declarations: ReadonlyMap<Scope & S, { description: string; implies: ReadonlyArray<string> }>) {
    this.scopes = [...declarations.keys()]
    this.#descriptions = new Map([...declarations].map(([scope, { description }]) => [scope, description]))
    this.#closures = new Map(
      this.scopes.map((scope) => [scope, closure(scope, declarations) as ReadonlyArray<Scope & S>]),
    )
  }

  /**
   * A catalogue from its declarations:
   *
   *     ScopeCatalogue.make({
   *       "treasure:read": "See your treasures",
   *       "treasure:edit": { description: "Change your treasures", implies: ["treasure:read"] }
   *     })
   *
   * The catalogue's type carries the names, so that a misspelt scope doesn't compile.
   *
   * @throws Error if a name is not an RFC 6749 scope-token, a sentence is missing, or an implied scope is not declared.
   */
  static make<const S extends string>(declarations: {
    readonly [Name in S]: ScopeDeclaration<NoInfer<S>>
  }): ScopeCatalogue<S> {
    const entries = new Map<Scope & S, { description: string; implies: ReadonlyArray<string> }>()
    const declared: ReadonlyMap<string, unknown> = entries
    for (const [name, declaration] of Object.entries<ScopeDeclaration>(declarations)) {
      if (!Scope.is(name)) throw new Error(`ScopeCatalogue: ${JSON.stringify(name)} is not an RFC 6749 scope-token`)
      const { description, implies = [] } = typeof declaration === "string" ? { description: declaration } : declaration
      if (typeof description !== "string" || description.trim() === "") {
        throw new Error(`ScopeCatalogue: ${name} needs a description of what it allows`)
      }
      entries.set(name as Scope & S, { description, implies })
    }
    for (const [name, { implies }] of entries) {
      const unknown = implies.find((implied) => !Scope.is(implied) || !declared.has(implied))
      if (unknown !== undefined) throw new Error(`ScopeCatalogue: ${name} implies ${unknown}, which is not declared`)
    }
    return new ScopeCatalogue(entries)
  }

  has(scope: string): scope is Scope & S {
    return this.#closures.has(scope)
  }

  /**
   * The way in for scopes from a request's body: types them for `issue` and `edit`, which check them together with
   * everything else that may be wrong with the request.
   *
   *     await tokens.issue({ ownedBy, name: body.name, scopes: catalogue.requested(body.scopes) })
   */
  requested(scopes: ReadonlyArray<string>): ReadonlyArray<S> {
    return scopes as ReadonlyArray<S>
  }

  /** What is wrong with a requested scope, completing a sentence; `undefined` if it is declared. */
  flawOf(scope: string): string | undefined {
    if (this.has(scope)) return undefined
    const nearest = this.nearest(scope)
    return `${undeclared}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`
  }

  /**
   * The same for many scopes, in order. Suggests a declared scope only for the first five flaws, since each suggestion
   * compares with every declared scope of similar length.
   */
  flawsOf(scopes: ReadonlyArray<string>): ReadonlyArray<string | undefined> {
    let suggestions = suggestedAtMost
    return scopes.map((scope) => {
      if (this.has(scope)) return undefined
      return suggestions-- > 0 ? this.flawOf(scope) : undeclared
    })
  }

  /** The scopes that aren't declared, or no longer. Stored in a token, they grant nothing. */
  undeclared(scopes: ReadonlyArray<string>): ReadonlyArray<string> {
    return scopes.filter((scope) => !this.has(scope))
  }

  /** The sentence that tells people what the scope allows; `undefined` if it isn't declared. */
  descriptionOf(scope: string): string | undefined {
    return this.#descriptions.get(scope)
  }

  /** The scopes and everything they imply, each once. Leaves out undeclared scopes, which grant nothing. */
  close(scopes: ReadonlyArray<string>): ReadonlyArray<Scope & S> {
    if (scopes.length === 1) return this.#closures.get(scopes[0] as string) ?? []
    const closed = new Set<Scope & S>()
    for (const scope of scopes) for (const implied of this.#closures.get(scope) ?? []) closed.add(implied)
    return [...closed]
  }

  /** The declared scope with the most similar spelling; `undefined` if none is close. */
  nearest(scope: string): (Scope & S) | undefined {
    let nearest: { readonly declared: Scope & S; readonly distance: number } | undefined
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
