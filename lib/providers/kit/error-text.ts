/** Characters of a provider's words in which the reason of an error is looked for: all real ones are shorter. */
const SEARCHED = 8 * 1024;

/** @returns the begin of a text that an error document has; `undefined` for what is no text, or an empty one */
export function errorText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, SEARCHED) : undefined;
}
