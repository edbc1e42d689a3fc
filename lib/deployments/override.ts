/** `over` on `base`; what is `undefined` in `over` counts as not given. */
export function override<Options extends object>(base: Options, over: Partial<Options> | undefined): Options {
  if (over === undefined) return base;
  const merged: Options = { ...base };
  for (const key in over) {
    const value = over[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
