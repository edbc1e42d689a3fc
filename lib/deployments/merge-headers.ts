import { LlmConfigurationError } from '../errors/errors.js';
import { isHeaderValue } from '../providers/kit/connection.js';

/** Puts header sets together by their case-insensitive names; later sets win. */
export function mergeHeaders(
  provider: string,
  ...sets: (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const set of sets) {
    for (const name in set) {
      const value = set[name];
      if (value === undefined) continue;
      if (!isHeaderValue(value)) {
        throw new LlmConfigurationError(
          `${provider}: the header ${JSON.stringify(name)} is no text, or has a line break or a character in it that no header may have`,
          { code: 'invalid_header', provider },
        );
      }
      merged[name.toLowerCase()] = value;
    }
  }
  return merged;
}
