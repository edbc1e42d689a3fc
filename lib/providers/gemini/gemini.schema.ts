import { refusal } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

type Schema = Record<string, unknown>;

/** Words of JSON Schema that Gemini's own schema has too, with the same meaning. */
const KEPT = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'maxItems',
  'minItems',
  'required',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'default',
  'example',
  'propertyOrdering',
]);

/** Formats that Gemini does not refuse. */
const FORMATS: Readonly<Record<string, readonly unknown[]>> = {
  string: ['enum', 'date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

/**
 * Rewrites JSON Schema as Gemini's own schema, for models that do not take JSON Schema: references are filled in,
 * `const` becomes an enum, a type of several an `anyOf`, `null` a flag. What has no counterpart is left out, which
 * lets the model answer more than the schema allows, and never less.
 *
 * @throws {BadRequestError} when it is too large with its references filled in
 * @see {@link https://ai.google.dev/api/caching#Schema}
 */
export function toGeminiSchema(
  schema: Schema,
  param: 'tools' | 'response_format',
  context: FormatContext,
): Schema {
  const definitions = { ...(schema['definitions'] as Schema), ...(schema['$defs'] as Schema) };
  return convert(schema, { definitions, left: MAX_SCHEMAS, param, context }, []);
}

/** Schemas in one, references filled in: each use of a reference counts, and two uses in each of twenty are a million. */
const MAX_SCHEMAS = 5000;

/** References in each other. */
const MAX_OPEN = 100;

interface Expansion {
  /** The field of the request that has the schema. */
  readonly param: string;
  readonly context: FormatContext;
  readonly definitions: Schema;
  /** How many schemas may still be filled in. */
  left: number;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param open the references that are being filled in: Gemini's schema cannot say recursion */
function convert(schema: unknown, expansion: Expansion, open: readonly string[]): Schema {
  if (!isSchema(schema)) return {};
  if (expansion.left-- === 0 || open.length > MAX_OPEN) {
    throw refusal(
      `a schema with more than ${MAX_SCHEMAS} schemas in it, or more than ${MAX_OPEN} references in each other, when its references are filled in, as the model needs it; use fewer`,
      expansion.context,
      expansion.param,
    );
  }
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const { $ref: _, ...rest } = schema;
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    const target = open.includes(name) ? undefined : expansion.definitions[name];
    return convert({ ...(isSchema(target) && target), ...rest }, expansion, [...open, name]);
  }
  const next = (value: unknown): Schema => convert(value, expansion, open);
  const out: Schema = {};
  for (const [word, value] of Object.entries(schema)) if (KEPT.has(word)) out[word] = value;
  if ('const' in schema) out['enum'] = [schema['const']];
  takeNull(out);
  if (isSchema(schema['properties'])) {
    out['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, property]) => [name, next(property)]),
    );
  }
  if (isSchema(schema['items'])) out['items'] = next(schema['items']);
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) takeChoices(out, choices, next);
  const all = schema['allOf'];
  if (Array.isArray(all)) for (const one of all) addMissing(out, next(one));
  const formats = FORMATS[String(out['type'])];
  if (formats?.includes(out['format']) !== true) delete out['format'];
  // Gemini's enums are of strings.
  if (Array.isArray(out['enum']) && out['type'] !== 'string') {
    if (out['enum'].every((value) => typeof value === 'string')) out['type'] = 'string';
    else delete out['enum'];
  }
  return out;
}

function addMissing(out: Schema, more: Schema): void {
  for (const [word, value] of Object.entries(more)) if (!(word in out)) out[word] = value;
}

/** `type: ['string', 'null']` and `type: 'null'`. */
function takeNull(out: Schema): void {
  const { type } = out;
  if (!Array.isArray(type)) return;
  const types = type.filter((one) => one !== 'null');
  if (types.length < type.length) out['nullable'] = true;
  delete out['type'];
  if (types.length === 1) out['type'] = types[0] as unknown;
  else if (types.length > 1) out['anyOf'] = types.map((one: unknown) => ({ type: one }));
}

function takeChoices(out: Schema, choices: readonly unknown[], next: (value: unknown) => Schema): void {
  const others = choices.filter((choice) => !(isSchema(choice) && choice['type'] === 'null')).map(next);
  if (others.length < choices.length) out['nullable'] = true;
  if (others.length === 1) addMissing(out, others[0]!);
  else if (others.length > 1) out['anyOf'] = others;
}
