import { isFields, type Fields } from '../../operations/request-checks.js';

export { isFields, type Fields };

/** @returns the value where it is a list, otherwise one without items */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Puts a caller's own fields over a translated body: objects field by field, anything else in place of what was there.
 *
 * @param joined names of lists that are added to, rather than replaced
 */
export function mergeFields(
  target: object,
  over: Fields | undefined,
  joined: readonly string[] = [],
): Fields {
  const merged: Fields = { ...target };
  for (const [name, value] of Object.entries(over ?? {})) {
    const before = merged[name];
    if (isFields(before) && isFields(value)) merged[name] = mergeFields(before, value, joined);
    else if (joined.includes(name) && Array.isArray(before) && Array.isArray(value))
      merged[name] = [...(before as unknown[]), ...(value as unknown[])];
    else merged[name] = value;
  }
  return merged;
}
