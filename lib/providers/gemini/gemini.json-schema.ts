import { isFields, listOf, type Fields } from '../kit/fields.js';

const LISTS = new Set(['anyOf', 'oneOf', 'prefixItems']);
const MAPS = new Set(['properties', '$defs', 'definitions']);

/**
 * JSON Schema in the part of the language that Gemini reads, with the same meaning: beside `$ref` nothing else may stand,
 * `const` is an enum of one, `allOf` is the schema that its parts are together.
 *
 * @see {@link https://ai.google.dev/api/generate-content#GenerationConfig} `responseJsonSchema`
 * @see {@link https://ai.google.dev/api/caching#FunctionDeclaration} `parametersJsonSchema`
 */
export function toGeminiJsonSchema(schema: Fields): Fields {
  return convert(schema, schema);
}

/** @param root holds the definitions */
function convert(schema: Fields, root: Fields): Fields {
  const next = (value: unknown): unknown => (isFields(value) ? convert(value, root) : value);
  const whole = Array.isArray(schema['allOf']) ? joined(schema, root) : schema;
  const out: Fields = {};
  for (const [word, value] of Object.entries(whole)) {
    if (LISTS.has(word) && Array.isArray(value)) out[word] = value.map(next);
    else if (MAPS.has(word) && isFields(value)) {
      out[word] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, next(one)]));
    } else if (word === 'items' || word === 'additionalProperties') out[word] = next(value);
    else if (word === 'const') out['enum'] = [value];
    else out[word] = value;
  }
  return apartFromReference(out);
}

/** What stands beside a reference goes around it. */
function apartFromReference(schema: Fields): Fields {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== 'string' || Object.keys(beside).every((word) => word.startsWith('$'))) return schema;
  return { ...beside, anyOf: [{ $ref }, ...listOf(beside['anyOf'])] };
}

/** One schema of an `allOf` and what stands beside it: later words win, properties and required names add up. */
function joined({ allOf, ...beside }: Fields, root: Fields): Fields {
  const parts = listOf(allOf).filter(isFields);
  // A single reference stays one, since it may lead back to where it stands.
  if (parts.length === 1) return { ...parts[0], ...beside };
  const all: Fields = {};
  for (const part of [...parts.map((one) => resolved(one, root)), beside]) {
    const { properties, required, ...words } = part;
    Object.assign(all, words);
    if (isFields(properties)) all['properties'] = { ...(all['properties'] as Fields), ...properties };
    if (Array.isArray(required)) {
      all['required'] = [...new Set([...listOf(all['required']), ...(required as unknown[])])];
    }
  }
  return all;
}

function resolved(schema: Fields, root: Fields): Fields {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== 'string') return schema;
  let at: unknown = root;
  for (const name of $ref.replace(/^#\/?/, '').split('/')) at = isFields(at) ? at[name] : undefined;
  return isFields(at) ? { ...at, ...beside } : schema;
}
