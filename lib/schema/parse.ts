import {
  UnsupportedParamsError,
  type ChatRequest,
  type ChatStream,
  type CompletionOptions,
  type LlmService,
} from '../index.js';
import { compile, type CompiledSchema } from './compiled-schema.js';
import { describeIssues, LlmOutputError } from './llm-output.error.js';
import { modeOf, withSchema, type OutputMode } from './output-request.js';
import { OutputStream } from './output-stream.js';
import { readOutput, type ParsedOutput } from './read-output.js';
import type { AnswerSchema } from './standard-schema.interface.js';

/** A request without what `parse()` sets itself. */
export type OutputRequest = Omit<ChatRequest, 'model' | 'stream' | 'response_format'> & { model?: string };

/** @publicApi */
export interface ParseOptions extends CompletionOptions {
  /** The schema's name for the model. Default its title, or `answer`. */
  name?: string;
  /** How the model is held to the schema. Default the best that the provider has. */
  mode?: OutputMode;
}

/** @publicApi */
export interface UnaryParseOptions extends ParseOptions {
  /**
   * Further calls when the answer is no JSON or the schema refuses it, each told what was wrong. Each is billed.
   * Default 0.
   */
  retries?: number;
}

/**
 * A completion whose answer is a value of a declared type.
 *
 * ```ts
 * const { data } = await parse(llm, { model, messages }, z.object({ total: z.number() }));
 * ```
 *
 * @throws {LlmOutputError} when the model refused, was cut off, or answered with something else
 * @throws {LlmError} what `completion()` throws
 * @publicApi
 */
export async function parse<Output>(
  llm: LlmService,
  request: OutputRequest,
  schema: AnswerSchema<Output>,
  { name, mode, retries = 0, ...options }: UnaryParseOptions = {},
): Promise<ParsedOutput<Output>> {
  const compiled = named(await compile(schema), name);
  let { messages } = request;
  for (let left = retries; ; left--) {
    const { result: completion, mode: used } = await inMode(request, mode, (one) =>
      llm.completion({ ...withSchema({ ...request, messages }, compiled, one), stream: false }, options),
    );
    try {
      return { data: await readOutput(completion, compiled, used), completion };
    } catch (error) {
      const isWrong =
        error instanceof LlmOutputError && (error.fault === 'invalid' || error.fault === 'not_json');
      if (!isWrong || left <= 0) throw error;
      messages = [
        ...messages,
        { role: 'assistant', content: error.text || '(nothing)' },
        { role: 'user', content: correctionOf(error) },
      ];
    }
  }
}

/**
 * The same, streamed: the value as it grows, then whole.
 *
 * ```ts
 * const stream = await parseStream(llm, { model, messages }, Invoice);
 * for await (const partial of stream) render(partial);
 * const { data } = await stream.final();
 * ```
 *
 * @returns when `completion()` does; nothing is checked before the end
 * @publicApi
 */
export async function parseStream<Output>(
  llm: LlmService,
  request: OutputRequest,
  schema: AnswerSchema<Output>,
  { name, mode, ...options }: ParseOptions = {},
): Promise<OutputStream<Output>> {
  const compiled = named(await compile(schema), name);
  const { result, mode: used } = await inMode<ChatStream>(request, mode, (one) =>
    llm.completion({ ...withSchema(request, compiled, one), stream: true }, options),
  );
  return new OutputStream(result, compiled, used);
}

function named<Output>(compiled: CompiledSchema<Output>, name: string | undefined): CompiledSchema<Output> {
  return name === undefined ? compiled : { ...compiled, name };
}

/** Tries the best mode that the provider is known to have; one that it lacks is refused before anything is sent. */
async function inMode<Result>(
  { model, tools }: OutputRequest,
  mode: OutputMode | undefined,
  run: (mode: OutputMode) => Promise<Result>,
): Promise<{ readonly result: Result; readonly mode: OutputMode }> {
  if (mode !== undefined) return { result: await run(mode), mode };
  // A tool that has to be called leaves no room for those of the request.
  const further: OutputMode[] = tools === undefined || tools === null ? ['tool', 'json'] : ['json'];
  const first = modeOf(model);
  const modes = [first, ...further.filter((one) => one !== first)];
  for (const [index, one] of modes.entries()) {
    try {
      return { result: await run(one), mode: one };
    } catch (error) {
      if (!(error instanceof UnsupportedParamsError) || index === modes.length - 1) throw error;
    }
  }
  throw new Error('unreachable');
}

function correctionOf(error: LlmOutputError): string {
  const why =
    error.fault === 'invalid' ? `it is not valid: ${describeIssues(error.issues)}` : 'it is no JSON';
  return `Your answer cannot be used, since ${why}. Answer again with the whole corrected JSON and nothing else.`;
}
