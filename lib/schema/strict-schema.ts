import type { JsonSchema } from './standard-schema.interface.js';

type Fields = Record<string, unknown>;

/** Maps of names to schemas. */
const MAPS = new Set(['properties', '$defs', 'definitions']);

/** Keywords whose values are no schemas. */
const VALUES = new Set(['enum', 'const', 'required', 'type', 'description', 'title', 'examples']);

/**
 * Whether a schema can be written in the language of strict modes: every object of it says its properties.
 *
 * @see {@link https://platform.openai.com/docs/guides/structured-outputs#supported-schemas}
 */
export function isStrictable(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictable);
  if (!isFields(schema)) return true;
  const open = schema['additionalProperties'];
  if (
    isObjectSchema(schema) &&
    (schema['properties'] === undefined || (open !== undefined && open !== false))
  )
    return false;
  if (schema['patternProperties'] !== undefined || schema['propertyNames'] !== undefined) return false;
  return Object.entries(schema).every(([name, value]) => VALUES.has(name) || isStrictable(value));
}

/**
 * The same schema as strict modes take it: every property is required, an optional one may be `null` instead, objects are
 * closed, `oneOf` is `anyOf`, and what only repeats a `format` or a default is left out.
 */
export function toStrict(schema: JsonSchema): JsonSchema {
  return strictOf(schema) as JsonSchema;
}

function strictOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictOf);
  if (!isFields(schema)) return schema;
  const strict: Fields = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === '$schema' || name === 'default' || name === '~standard') continue;
    // zod writes the whole calendar into the pattern of a date, which a grammar has to compile to the letter.
    if (name === 'pattern' && schema['format'] !== undefined) continue;
    if (MAPS.has(name) && isFields(value)) {
      strict[name] = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, strictOf(one)]));
    } else strict[name === 'oneOf' ? 'anyOf' : name] = VALUES.has(name) ? value : strictOf(value);
  }
  const properties = strict['properties'];
  if (!isFields(properties)) return strict;
  const required = requiredOf(schema);
  for (const name of Object.keys(properties)) {
    if (!required.has(name)) properties[name] = orNull(properties[name]);
  }
  return { ...strict, required: Object.keys(properties), additionalProperties: false };
}

function orNull(schema: unknown): unknown {
  if (!isFields(schema) || allowsNull(schema)) return schema;
  const { type, description, ...rest } = schema;
  const isPlain = typeof type === 'string' && rest['enum'] === undefined && rest['const'] === undefined;
  if (isPlain) return { ...schema, type: [type, 'null'] };
  const { description: _moved, ...bare } = schema;
  return { anyOf: [bare, { type: 'null' }], ...(description !== undefined && { description }) };
}

/** Takes out the `null`s that stand for optional fields, so that the application's own schema can be asked. */
export function fromStrict(value: unknown, schema: unknown, root: unknown = schema): unknown {
  const known = resolve(schema, value, root);
  if (Array.isArray(value)) return value.map((item) => fromStrict(item, known['items'], root));
  const properties = known['properties'];
  if (!isFields(value) || !isFields(properties)) return value;
  const required = requiredOf(known);
  const kept: Fields = {};
  for (const [name, item] of Object.entries(value)) {
    const own = properties[name];
    const isAbsent = item === null && own !== undefined && !required.has(name) && !allowsNull(own);
    if (!isAbsent) set(kept, name, fromStrict(item, own, root));
  }
  return kept;
}

/** Follows `$ref`, and takes the alternative that a value is of, by the properties that it has. */
function resolve(schema: unknown, value: unknown, root: unknown, depth = 0): Fields {
  if (!isFields(schema) || depth > 20) return {};
  const { $ref: ref } = schema;
  if (typeof ref === 'string') return resolve(atPointer(root, ref), value, root, depth + 1);
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(alternatives)) return schema;
  const resolved = alternatives.map((one) => resolve(one, value, root, depth + 1));
  return resolved.find((one) => suits(one, value)) ?? {};
}

function suits(schema: Fields, value: unknown): boolean {
  if (Array.isArray(value)) return schema['items'] !== undefined || schema['type'] === 'array';
  const properties = schema['properties'];
  if (!isFields(value) || !isFields(properties)) return false;
  return Object.entries(value).every(([name, item]) => {
    const own = properties[name];
    return isFields(own) && (own['const'] === undefined || own['const'] === item);
  });
}

function atPointer(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined;
  let at = root;
  for (const step of ref.split('/').slice(1)) {
    if (!isFields(at)) return undefined;
    at = at[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return at;
}

function allowsNull(schema: unknown): boolean {
  if (!isFields(schema)) return true;
  const { type } = schema;
  if (type === 'null' || (Array.isArray(type) && type.includes('null'))) return true;
  const lists = [schema['anyOf'], schema['oneOf']].filter(Array.isArray) as unknown[][];
  const values = schema['enum'];
  return lists.some((list) => list.some(allowsNull)) || (Array.isArray(values) && values.includes(null));
}

export function isObjectSchema({ type, properties }: Fields): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || properties !== undefined;
}

function requiredOf({ required }: Fields): ReadonlySet<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}

/** `__proto__` is a name like any other in JSON. */
function set(fields: Fields, name: string, value: unknown): void {
  Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true });
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
