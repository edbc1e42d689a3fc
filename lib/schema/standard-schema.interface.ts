/**
 * What went wrong at a place of a value.
 *
 * @see {@link https://standardschema.dev}
 */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/**
 * A Standard Schema that tells its JSON Schema: zod 4, arktype 2, valibot through `@valibot/to-json-schema`.
 *
 * @see {@link https://standardschema.dev/json-schema}
 */
export interface StandardJSONSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly jsonSchema: { readonly input: (options: { readonly target: never }) => Record<string, unknown> };
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export type JsonSchema = { [key: string]: unknown };

/**
 * A schema and what checks a value against it; `validate` throws, or returns the value.
 *
 * @publicApi
 */
export interface OwnSchema<Output> {
  readonly schema: JsonSchema;
  readonly validate: (value: unknown) => Output | Promise<Output>;
}

/**
 * What the type of an answer, or of a tool's arguments, is told by: a Standard Schema with JSON Schema, a class with the
 * decorators of class-validator, a class with such a schema as its static `schema` (nestjs-zod), or `{ schema, validate }`.
 *
 * @publicApi
 */
export type AnswerSchema<Output> =
  StandardJSONSchema<Output> | OwnSchema<Output> | (abstract new (...args: never[]) => Output);
