import type { FormatContext } from '../../provider-adapter.interface.js';
import { isFields, listOf, type Fields } from '../fields.js';
import { refusal } from '../params.js';

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

const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const;

/**
 * The schema of a tool's input. Claude takes no union at the top of one: its branches become one object, whose properties
 * are those of all of them; the branches themselves stand in the description, where the model reads which go together.
 *
 * @throws {BadRequestError} when a branch is no object, so that no object says the same
 */
export function toInputSchema(parameters: Fields | undefined, context: FormatContext): Fields {
  const schema: Fields = { properties: {}, ...parameters, type: 'object' };
  return UNIONS.some((word) => word in schema) ? withoutUnion(schema, schema, context) : schema;
}

/** @param root holds the definitions that a branch may be a reference to */
function withoutUnion(schema: Fields, root: Fields, context: FormatContext): Fields {
  const plain: Fields = { ...schema };
  const properties: Fields = { ...(isFields(schema['properties']) && schema['properties']) };
  const required = new Set(listOf(schema['required']));
  for (const word of UNIONS) {
    if (!(word in schema)) continue;
    delete plain[word];
    const branches = listOf(schema[word])
      .filter((branch) => !isFields(branch) || branch['type'] !== 'null')
      .map((branch) => objectOf(branch, root, context));
    for (const branch of branches) addProperties(properties, branch);
    for (const name of requiredBy(branches, word === 'allOf')) required.add(name);
    if (word !== 'allOf') plain['description'] = described(plain['description'], word, schema[word]);
  }
  plain['properties'] = properties;
  if (required.size > 0) plain['required'] = [...required];
  return plain;
}

function objectOf(branch: unknown, root: Fields, context: FormatContext): Fields {
  const reference = isFields(branch) ? branch['$ref'] : undefined;
  const schema = typeof reference === 'string' ? definitionOf(reference, root) : branch;
  const isObject =
    isFields(schema) && (schema['type'] === undefined || schema['type'] === 'object') && schema !== root;
  if (!isObject) {
    throw refusal('a union of anything but objects at the top of the parameters of a tool', context, 'tools');
  }
  return UNIONS.some((word) => word in schema) ? withoutUnion(schema, root, context) : schema;
}

/** What a reference within the schema, such as `#/$defs/City`, names. */
function definitionOf(reference: string, root: Fields): unknown {
  let at: unknown = root;
  for (const name of reference.replace(/^#\/?/, '').split('/')) at = isFields(at) ? at[name] : undefined;
  return at;
}

/** A property of several branches is what any of them says. */
function addProperties(target: Fields, { properties }: Fields): void {
  if (!isFields(properties)) return;
  for (const [name, value] of Object.entries(properties)) {
    const before = target[name];
    if (before === undefined) target[name] = value;
    else if (JSON.stringify(before) !== JSON.stringify(value)) {
      const choices = isFields(before) && Array.isArray(before['anyOf']) ? before['anyOf'] : [before];
      target[name] = { anyOf: [...(choices as unknown[]), value] };
    }
  }
}

/** @param all whether every branch holds, rather than one of them */
function requiredBy(branches: readonly Fields[], all: boolean): unknown[] {
  const lists = branches.map(({ required }) => listOf(required));
  if (all) return lists.flat();
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}

function described(description: unknown, word: string, branches: unknown): string {
  const before = typeof description === 'string' ? `${description}\n\n` : '';
  return `${before}{${word}: ${JSON.stringify(branches)}}`;
}
