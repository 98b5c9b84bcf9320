/** What to say to caches of an answer that must be kept by nobody but the client. */

/**
 * A Cache-Control that lets no shared cache keep the answer, made from the one that it has: `private` comes in, `public`
 * and `s-maxage` go (RFC 9111 §5.2.2). For whatever answers a request with its token in the query, of which a shared cache
 * does not know that it is authenticated (RFC 6750 §2.3 asks it of 2xx). `no-store` stays as it is.
 */
export const privateCacheControl = (current: string | null | undefined): string => {
  const directives = (current ?? "").split(",").map((directive) => directive.trim())
  const names = directives.map((directive) => directive.replace(/=.*$/s, "").trim().toLowerCase())
  if (names.includes("no-store")) return current as string
  const others = directives.filter(
    (_, index) => !["", "private", "public", "s-maxage"].includes(names[index] as string),
  )
  return ["private", ...others].join(", ")
}
