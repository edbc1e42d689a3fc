import { LlmConfigurationError } from '../../errors/errors.js';
import type { LlmModuleOptions } from '../llm-module-options.interface.js';
import { nearNames } from '../../providers/kit/near-names.js';
import type { ProviderAdapter } from '../../providers/provider-adapter.interface.js';
import { BUILT_IN_ADAPTERS, PROVIDER_ALIASES } from '../../catalog.js';

/**
 * Checks the options of an instance of the module.
 *
 * @returns `options` itself
 * @throws {LlmConfigurationError} naming every key that is wrong, never its value
 */
export async function validateOptions(
  options: LlmModuleOptions,
  name: string | undefined,
): Promise<LlmModuleOptions> {
  // Needed once, at start: a process that only brings its own session and options pays for it there, not at import.
  const [{ safeParse, getDotPath }, { llmOptionsSchema }] = await Promise.all([
    import('valibot'),
    import('./llm-options.schema.js'),
  ]);
  const optionNames = new Map(
    [...BUILT_IN_ADAPTERS, ...adaptersOf(options)].map((adapter) => [
      adapter.provider,
      adapter.optionNames ?? [],
    ]),
  );
  const schema = llmOptionsSchema(optionNames);
  const result = safeParse(schema, options);
  if (result.success) return options;
  const problems = result.issues.map((issue) => {
    const path = getDotPath(issue) ?? 'options';
    if (issue.type !== 'strict_object' || issue.expected !== 'never') {
      return `${path} ${issue.received === 'undefined' ? 'is missing' : describe(issue.message)}`;
    }
    return `${path} is not known${suggest(path, schema)}`;
  });
  const where = name === undefined ? 'LlmModule' : `LlmModule "${name}"`;
  throw new LlmConfigurationError(`${where} options: ${problems.join('; ')}`);
}

/** The user's adapters, so far as there are any: nothing has been checked yet. */
function adaptersOf(options: LlmModuleOptions | null | undefined): readonly ProviderAdapter[] {
  const adapters: unknown = options?.adapters;
  if (!Array.isArray(adapters)) return [];
  return (adapters as (ProviderAdapter | null | undefined)[]).filter(
    (adapter) => typeof adapter?.provider === 'string',
  ) as ProviderAdapter[];
}

/** valibot's own messages quote the value, which may be a secret. Ours begin with a verb. */
function describe(message: string): string {
  return /^(has|is) /.test(message) ? message : 'is of the wrong type';
}

function suggest(path: string, schema: unknown): string {
  const keys = path.split('.');
  const alias = keys.length === 2 && keys[0] === 'providers' ? PROVIDER_ALIASES[keys[1]!] : undefined;
  if (alias !== undefined) return `: it is ${alias}, whose options it has`;
  const near = nearNames(keys.at(-1)!, siblingsOf(schema, keys.slice(0, -1)));
  return near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
}

interface ObjectSchema {
  readonly entries?: Readonly<Record<string, ObjectSchema>>;
  readonly wrapped?: ObjectSchema;
}

/** The keys that the schema knows where `path` leads. */
function siblingsOf(schema: unknown, path: readonly string[]): string[] {
  let at = schema as ObjectSchema | undefined;
  for (const key of path) at = at?.entries?.[key]?.wrapped;
  return Object.keys(at?.entries ?? {});
}
