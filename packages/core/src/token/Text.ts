/** The rule for every short text people enter for a token: its name, a reason, an owner's id. */

/**
 * What is wrong with the text, completing a sentence (`must not be empty`); `undefined` if nothing is. Nothing is
 * trimmed or normalised. Refuses empty or blank text, more than `maxLength` Unicode code points, control characters and
 * NUL, line separators, lone surrogates (they can't be stored as UTF-8), and blanks at either end.
 */
export const flawOfText = (text: string, maxLength: number): string | undefined => {
  if (text.trim() === "") return "must not be empty"
  if (!text.isWellFormed()) return "must be well-formed Unicode"
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return "must not contain control characters or line breaks"
  if (text.trim() !== text) return "must not start or end with a space"
  if (text.length > maxLength && Array.from(text).length > maxLength) return `must have at most ${maxLength} characters`
  return undefined
}
