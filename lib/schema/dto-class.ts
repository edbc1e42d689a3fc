import { LlmConfigurationError } from '../index.js';
import type {
  JsonSchema,
  SchemaIssue,
  SchemaResult,
  StandardJSONSchema,
} from './standard-schema.interface.js';
import { isFields } from './strict-schema.js';

type Class<Output> = abstract new (...args: never[]) => Output;

/** What class-validator and its companions have of one field's fault. */
interface ValidationFault {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ValidationFault[];
}

/** Those who read the decorators of a class: loaded when a class is used, since each is an optional peer. */
async function loadReaders() {
  try {
    const [validator, transformer, schemas, storage] = await Promise.all([
      import('class-validator'),
      import('class-transformer'),
      import('class-validator-jsonschema'),
      // The only place where it tells of which class a nested field is.
      // @ts-expect-error It has no types.
      import('class-transformer/cjs/storage.js') as Promise<{ defaultMetadataStorage: TypeStorage }>,
    ]);
    return { validator, transformer, schemas, storage: storage.defaultMetadataStorage };
  } catch (cause) {
    throw new LlmConfigurationError(
      'a class as a schema needs class-validator, class-transformer and class-validator-jsonschema: install the three',
      { code: 'missing_peer', cause },
    );
  }
}

interface TypeStorage {
  findTypeMetadata(target: unknown, property: string): { typeFunction?: () => unknown } | undefined;
}

/** A DTO class as a Standard Schema: what validates is an instance of it, its nested ones too. */
export async function fromClass<Output>(target: Class<Output>): Promise<StandardJSONSchema<Output>> {
  const { validator, transformer, schemas, storage } = await loadReaders();
  const toSchema = (one: unknown): JsonSchema =>
    schemas.targetConstructorToSchema(one as never, {
      classTransformerMetadataStorage: storage as never,
      refPointerPrefix: '#/$defs/',
    }) as JsonSchema;

  const json = (): JsonSchema => {
    const defs: Record<string, JsonSchema> = {};
    const walk = (one: unknown): JsonSchema => {
      const schema = toSchema(one);
      for (const [property, field] of Object.entries(
        (schema['properties'] ?? {}) as Record<string, JsonSchema>,
      )) {
        const ref = field['$ref'] ?? (field['items'] as JsonSchema | undefined)?.['$ref'];
        const name = typeof ref === 'string' ? ref.split('/').at(-1)! : undefined;
        const nested =
          name === undefined ? undefined : storage.findTypeMetadata(one, property)?.typeFunction?.();
        if (name === undefined || nested === undefined || defs[name] !== undefined) continue;
        defs[name] = {};
        defs[name] = walk(nested);
      }
      return { ...schema, additionalProperties: false };
    };
    const root = { ...walk(target), title: target.name };
    if (Object.keys((root as JsonSchema)['properties'] ?? {}).length === 0) {
      throw new Error(`the class ${target.name} has no field with a decorator of class-validator`);
    }
    return Object.keys(defs).length > 0 ? { ...root, $defs: defs } : root;
  };

  return {
    '~standard': {
      version: 1,
      vendor: 'class-validator',
      jsonSchema: { input: json },
      async validate(value): Promise<SchemaResult<Output>> {
        if (!isFields(value)) return { issues: [{ message: 'has to be an object' }] };
        const made = transformer.plainToInstance(target as never, value) as object;
        const faults = await validator.validate(made, { whitelist: true, forbidUnknownValues: true });
        const issues = flatten(faults, []);
        return issues.length > 0 ? { issues } : { value: made as Output };
      },
    },
  };
}

function flatten(faults: readonly ValidationFault[], above: readonly string[]): SchemaIssue[] {
  return faults.flatMap(({ property, constraints = {}, children = [] }) => {
    const path = [...above, property];
    return [...Object.values(constraints).map((message) => ({ message, path })), ...flatten(children, path)];
  });
}
