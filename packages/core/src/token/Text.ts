/** What every short text that people give a token (its name, a reason, an owner's id) has to be. */

/**
 * What is wrong with the text, as the end of a sentence (`must not be empty`); `undefined` if nothing is. Nothing is
 * trimmed or normalised: what is accepted comes back as it was given.
 *
 * Refused: empty or blank, more than `maxLength` Unicode code points, control characters and NUL, line separators,
 * surrogates without their other half (they can't be stored as UTF-8), and blanks at either end.
 */
export const flawOfText = (text: string, maxLength: number): string | undefined => {
  if (text.trim() === "") return "must not be empty"
  if (!text.isWellFormed()) return "must be well-formed Unicode"
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return "must not contain control characters or line breaks"
  if (text.trim() !== text) return "must not begin or end with a blank"
  if (text.length > maxLength && Array.from(text).length > maxLength) return `must have at most ${maxLength} characters`
  return undefined
}
