import { LlmConfigurationError } from '../index.js';
import { fromClass } from './dto-class.js';
import type {
  AnswerSchema,
  JsonSchema,
  SchemaIssue,
  SchemaResult,
  StandardJSONSchema,
} from './standard-schema.interface.js';
import { fromStrict, isFields, isObjectSchema, isStrictable, toStrict } from './strict-schema.js';

/** A schema, ready to be sent and to check what comes back. */
export interface CompiledSchema<Output> {
  readonly name: string;
  /** As the application has it. */
  readonly json: JsonSchema;
  /** As it is sent: an object, strict where it can be. */
  readonly sent: JsonSchema;
  readonly strict: boolean;
  /** What was sent is an object around the value, since a root has to be one. */
  readonly wrapped: boolean;
  check(value: unknown): Promise<SchemaResult<Output>>;
}

/** The field that holds an answer whose own schema is no object. */
const WRAPPER = 'value';

const compiled = new WeakMap<object, Promise<CompiledSchema<unknown>>>();

/**
 * Converts a schema, once for each.
 *
 * @throws {LlmConfigurationError} when it is none of the kinds that are taken, or cannot be written as JSON Schema
 */
export function compile<Output>(schema: AnswerSchema<Output>): Promise<CompiledSchema<Output>> {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return convert(schema);
  let made = compiled.get(schema);
  if (made === undefined) compiled.set(schema, (made = convert(schema)));
  return made as Promise<CompiledSchema<Output>>;
}

async function convert<Output>(schema: AnswerSchema<Output>): Promise<CompiledSchema<Output>> {
  const { json, validate } = await readSchema(schema);
  const wrapped = !isObjectSchema(json) || json['anyOf'] !== undefined || json['oneOf'] !== undefined;
  const root = wrapped ? wrap(json) : json;
  const strict = isStrictable(root);
  const { title } = json;
  return {
    name: typeof title === 'string' && /^[\w-]{1,64}$/.test(title) ? title : 'answer',
    json,
    sent: strict ? toStrict(root) : withoutMeta(root),
    strict,
    wrapped,
    async check(value) {
      const own = wrapped && isFields(value) && WRAPPER in value ? value[WRAPPER] : value;
      return await validate(strict ? fromStrict(own, json) : own);
    },
  };
}

/** The inside of a wrapped answer, also of one that is not whole yet. */
export function unwrap(value: unknown, { wrapped }: Pick<CompiledSchema<unknown>, 'wrapped'>): unknown {
  return wrapped && isFields(value) ? value[WRAPPER] : value;
}

function wrap(json: JsonSchema): JsonSchema {
  const { $defs, definitions, $schema: _schema, ...inner } = json;
  return {
    type: 'object',
    properties: { [WRAPPER]: inner },
    required: [WRAPPER],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  };
}

function withoutMeta({ $schema: _schema, '~standard': _standard, ...json }: JsonSchema): JsonSchema {
  return json;
}

interface ReadSchema<Output> {
  readonly json: JsonSchema;
  readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
}

async function readSchema<Output>(schema: AnswerSchema<Output>): Promise<ReadSchema<Output>> {
  // A schema may be a function: arktype's are.
  if (isStandard<Output>(schema)) return fromStandard(schema);
  if (typeof schema === 'function') {
    const own: unknown = (schema as { schema?: unknown }).schema;
    return isStandard<Output>(own) ? fromStandard(own) : fromStandard(await fromClass(schema));
  }
  if (isFields(schema) && isFields(schema.schema) && typeof schema.validate === 'function') {
    const { schema: json, validate } = schema;
    return { json, validate: (value) => issuesOf(() => validate(value)) };
  }
  throw new LlmConfigurationError(
    'the schema of an answer has to be a Standard Schema with JSON Schema, a class, or { schema, validate }',
    { code: 'invalid_schema' },
  );
}

function isStandard<Output>(schema: unknown): schema is StandardJSONSchema<Output> {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false;
  const standard = (schema as Partial<StandardJSONSchema<Output>>)['~standard'];
  if (standard === undefined) return false;
  if (typeof standard.jsonSchema?.input === 'function') return true;
  throw new LlmConfigurationError(
    `the schema is of ${standard.vendor}, which tells no JSON Schema by itself${standard.vendor === 'valibot' ? ': wrap it with toStandardJsonSchema() of @valibot/to-json-schema' : ''}`,
    { code: 'invalid_schema' },
  );
}

function fromStandard<Output>(schema: StandardJSONSchema<Output>): ReadSchema<Output> {
  const { jsonSchema, validate } = schema['~standard'];
  try {
    // The model writes what `validate` reads, so the input's side counts.
    return { json: jsonSchema.input({ target: 'draft-2020-12' as never }), validate };
  } catch (cause) {
    throw new LlmConfigurationError(
      `the schema cannot be written as JSON Schema: ${cause instanceof Error ? cause.message : String(cause)}`,
      { code: 'invalid_schema', cause },
    );
  }
}

async function issuesOf<Output>(validate: () => Output | Promise<Output>): Promise<SchemaResult<Output>> {
  try {
    return { value: await validate() };
  } catch (error) {
    const found: unknown = (error as { issues?: unknown } | null)?.issues;
    if (Array.isArray(found) && found.length > 0) return { issues: found as SchemaIssue[] };
    return { issues: [{ message: error instanceof Error ? error.message : String(error) }] };
  }
}
