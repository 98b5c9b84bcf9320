/** The Vary field for a response that varies on additional fields (RFC 9110 §12.5.5). */

/** Adds the fields to the current value, each name once. `*` stays as it is. */
export const varyingOn = (fields: string, current: string | null | undefined): string => {
  if (current === null || current === undefined || current.trim() === "") return fields
  const names = current.split(",").map((name) => name.trim().toLowerCase())
  if (names.includes("*")) return current
  const added = fields.split(", ").filter((field) => !names.includes(field.toLowerCase()))
  return [current, ...added].join(", ")
}
