/** Levels of objects and lists in each other. No request or answer has as many; JSON.stringify() fails at some thousands. */
const MAX_LEVELS = 500;

/** @returns whether `value` has more levels than JSON is sure to be written of */
export function isNestedTooDeep(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === 'object' && item !== null && isNestedTooDeep(item, levels - 1)) return true;
    }
    return false;
  }
  for (const name in value) {
    const item = (value as Record<string, unknown>)[name];
    if (typeof item === 'object' && item !== null && isNestedTooDeep(item, levels - 1)) return true;
  }
  return false;
}

/**
 * Why a value cannot be written as JSON.
 *
 * @returns the field of `fields` in which the fault is, and what it is
 */
export function findUnwritable(fields: object): { field: string; fault: string } | undefined {
  for (const [field, value] of Object.entries(fields) as [string, unknown][]) {
    try {
      if (isNestedTooDeep(value)) return { field, fault: 'is nested too deep, or in itself' };
      JSON.stringify(value);
    } catch {
      return { field, fault: 'has a value that JSON has no form of' };
    }
  }
  return undefined;
}
