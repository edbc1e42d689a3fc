/** What a text says as JSON; the text itself where it is not that. */
export function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
  } catch {
    return text;
  }
}
