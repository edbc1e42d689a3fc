/** The generation of a Gemini model by its name; `undefined` for aliases, tuned models and other families. */
export function versionOf(model: string): { major: number; minor: number } | undefined {
  const match = /gemini-(\d+)(?:\.(\d+))?/.exec(model);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2] ?? 0) };
}

/** Whether the model signs its function calls and refuses ones of the current turn that have no signature. */
export function demandsSignatures(model: string): boolean {
  return (versionOf(model)?.major ?? 0) >= 3;
}

/** Whether the model takes JSON Schema as it is. The first generation takes a subset of OpenAPI's only. */
export function takesJsonSchema(model: string): boolean {
  return versionOf(model)?.major !== 1;
}

/** Whether the model has thinking that a request can steer; unknown ones may. */
export function canThink(model: string): boolean {
  const version = versionOf(model);
  return version === undefined || version.major > 2 || (version.major === 2 && version.minor >= 5);
}
