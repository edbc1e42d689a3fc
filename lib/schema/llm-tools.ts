import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, ExternalContextCreator, MetadataScanner } from '@nestjs/core';
import { LlmConfigurationError, type ChatMessage, type FunctionTool, type ToolCall } from '../index.js';
import { compile, type CompiledSchema } from './compiled-schema.js';
import { describeIssues } from './llm-output.error.js';
import { LlmTool, type LlmToolOptions } from './llm-tool.decorator.js';

interface Tool {
  readonly options: LlmToolOptions;
  readonly schema: CompiledSchema<unknown> | undefined;
  readonly call: (args: unknown, context: unknown) => Promise<unknown>;
}

type ToolMessage = Extract<ChatMessage, { role: 'tool' }>;

const NO_ARGUMENTS = { type: 'object', properties: {}, additionalProperties: false };

/** Where NestJS is told of a tool's parameters, so that pipes apply to them. */
const ARGUMENTS = 'nestjs-llm:tool-arguments';

/** NestJS's own number of a body: pipes are told that they have one, which validation pipes look for. */
const OF_MODEL = 3;
const OF_CALLER = 100;

/** Of reflect-metadata, which NestJS loads. */
const metadata = Reflect as unknown as {
  defineMetadata(key: string, value: unknown, target: object, property: string): void;
};

/**
 * The application's tools: the methods under {@link LlmTool}.
 *
 * @publicApi
 */
@Injectable()
export class LlmTools implements OnModuleInit {
  private readonly tools = new Map<string, Tool>();

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ExternalContextCreator) private readonly contexts: ExternalContextCreator,
  ) {}

  /** @throws {LlmConfigurationError} when two tools have one name, or a name or schema is none */
  async onModuleInit(): Promise<void> {
    for (const wrapper of this.discovery.getProviders()) {
      const instance = wrapper.instance as Record<string, (...args: unknown[]) => unknown> | null | undefined;
      if (typeof instance !== 'object' || instance === null) continue;
      for (const method of this.scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
        const options = this.discovery.getMetadataByDecorator(LlmTool, wrapper, method);
        if (options !== undefined) await this.add(options, instance, method);
      }
    }
  }

  /** The tools as a request has them; with names, those. */
  definitions(names?: readonly string[]): FunctionTool[] {
    for (const name of names ?? []) {
      if (!this.tools.has(name))
        throw new LlmConfigurationError(`there is no tool "${name}"`, { code: 'unknown_tool' });
    }
    return [...this.tools.values()]
      .filter(({ options }) => names === undefined || names.includes(options.name))
      .map(({ options: { name, description }, schema }) => ({
        type: 'function',
        function: {
          name,
          description,
          parameters: schema?.sent ?? NO_ARGUMENTS,
          ...(schema !== undefined && { strict: schema.strict }),
        },
      }));
  }

  /**
   * Runs what the model calls.
   *
   * @param context given to the method behind its arguments, and to guards: whose call it is, for example
   * @returns the message that answers the call. A name, arguments or a value that are wrong are told to the model in it
   * @throws what guards, interceptors and the method itself throw
   */
  async run(toolCall: ToolCall, context?: unknown): Promise<ToolMessage> {
    const { id } = toolCall;
    if (toolCall.type !== 'function') return answer(id, `There is no tool of the type ${toolCall.type}.`);
    const { name, arguments: json } = toolCall.function;
    const tool = this.tools.get(name);
    if (tool === undefined)
      return answer(
        id,
        `There is no tool ${name.slice(0, 100)}. The tools are ${[...this.tools.keys()].join(', ')}.`,
      );
    let given: unknown;
    try {
      given = json.trim() === '' ? {} : JSON.parse(json);
    } catch {
      return answer(id, 'The arguments are no JSON. Call the tool again with valid JSON.');
    }
    const checked = tool.schema === undefined ? { value: given } : await tool.schema.check(given);
    if (checked.issues !== undefined)
      return answer(
        id,
        `The arguments are not valid: ${describeIssues(checked.issues)}. Call the tool again with valid ones.`,
      );
    const result = await tool.call(checked.value, context);
    return answer(id, typeof result === 'string' ? result : (JSON.stringify(result) ?? 'done'));
  }

  private async add(
    options: LlmToolOptions,
    instance: Record<string, (...args: unknown[]) => unknown>,
    method: string,
  ): Promise<void> {
    const { name, parameters } = options;
    const place = `${instance.constructor.name}.${method}()`;
    if (!/^[\w-]{1,64}$/.test(name)) {
      throw new LlmConfigurationError(`${place}: a tool's name has 1 to 64 letters, digits, "_" and "-"`, {
        code: 'invalid_tool',
      });
    }
    if (this.tools.has(name))
      throw new LlmConfigurationError(`${place}: there is a tool "${name}" already`, {
        code: 'invalid_tool',
      });
    const schema = parameters === undefined ? undefined : await compile(parameters);
    if (schema?.wrapped === true)
      throw new LlmConfigurationError(`${place}: the parameters of a tool have to be an object`, {
        code: 'invalid_tool',
      });
    metadata.defineMetadata(
      ARGUMENTS,
      { [`${OF_MODEL}:0`]: { index: 0, pipes: [] }, [`${OF_CALLER}:1`]: { index: 1, pipes: [] } },
      instance.constructor,
      method,
    );
    const call = this.contexts.create(
      instance,
      instance[method]!,
      method,
      ARGUMENTS,
      {
        exchangeKeyForValue: (kind: number, _data: unknown, args: unknown[]) =>
          args[kind === OF_MODEL ? 0 : 1],
      },
      undefined,
      undefined,
      { guards: true, interceptors: true, filters: true },
      'llm',
    ) as Tool['call'];
    this.tools.set(name, { options, schema, call });
  }
}

function answer(id: string, content: string): ToolMessage {
  return { role: 'tool', tool_call_id: id, content };
}
