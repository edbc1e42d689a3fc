import { isFields, type Fields } from '../fields.js';

const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/** Keywords that the provider enforces, as they are. */
const KEPT = new Set(['type', 'title', 'description', 'enum', 'const', 'default', 'required', '$ref']);
const SCHEMA_LISTS = new Set(['anyOf', 'allOf']);
const SCHEMA_MAPS = new Set(['properties', '$defs', 'definitions']);

function isKept(name: string, value: unknown): boolean {
  return (
    KEPT.has(name) ||
    (name === 'format' && FORMATS.has(value as string)) ||
    (name === 'minItems' && (value === 0 || value === 1))
  );
}

function isObjectSchema({ type, properties }: Fields): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || properties !== undefined;
}

/**
 * A JSON schema in the part of the language that structured outputs take. Objects are closed; what the provider does
 * not enforce becomes part of the description, where the model reads it, as in Anthropic's own SDK.
 *
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations}
 */
export function toOutputSchema(schema: Fields): Fields {
  const result: Fields = {};
  const rest: string[] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (isKept(name, value)) result[name] = value;
    else if (name === 'oneOf' && Array.isArray(value)) result['anyOf'] = value.map(toSubschema);
    else if (SCHEMA_LISTS.has(name) && Array.isArray(value)) result[name] = value.map(toSubschema);
    else if (SCHEMA_MAPS.has(name) && isFields(value)) {
      result[name] = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toSubschema(one)]));
    } else if (name === 'items') result['items'] = toSubschema(value);
    else if (name !== 'additionalProperties' && name !== '$schema')
      rest.push(`${name}: ${JSON.stringify(value)}`);
  }
  if (isObjectSchema(schema)) result['additionalProperties'] = false;
  if (rest.length > 0) {
    const description = result['description'];
    const before = typeof description === 'string' ? `${description}\n\n` : '';
    result['description'] = `${before}{${rest.join(', ')}}`;
  }
  return result;
}

function toSubschema(schema: unknown): unknown {
  return isFields(schema) ? toOutputSchema(schema) : schema;
}
