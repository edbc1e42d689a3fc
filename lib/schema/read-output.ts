import type { ChatCompletion, ResultMeta } from '../index.js';
import type { CompiledSchema } from './compiled-schema.js';
import { describeIssues, LlmOutputError, type LlmOutputFault } from './llm-output.error.js';
import { textOf, type OutputMode } from './output-request.js';
import type { SchemaIssue } from './standard-schema.interface.js';

/** @publicApi */
export interface ParsedOutput<Output> {
  readonly data: Output;
  /** The answer that it was read from, the last one's after retries. */
  readonly completion: ChatCompletion & { readonly meta: ResultMeta };
}

/**
 * Reads the value out of a completion.
 *
 * @throws {LlmOutputError}
 */
export async function readOutput<Output>(
  completion: ChatCompletion & { readonly meta: ResultMeta },
  schema: CompiledSchema<Output>,
  mode: OutputMode,
): Promise<Output> {
  const text = textOf(completion, mode);
  const { provider, model } = completion.meta;
  const fail = (fault: LlmOutputFault, what: string, issues: readonly SchemaIssue[] = []): LlmOutputError =>
    new LlmOutputError(`${provider}/${model} ${what}`, fault, issues, text, completion, {
      provider,
      model: `${provider}/${model}`,
    });
  const choice = completion.choices[0];
  const refusal = choice?.message.refusal;
  if (typeof refusal === 'string' && refusal !== '')
    throw fail('refused', `refused to answer: ${refusal.slice(0, 500)}`);
  if (choice?.finish_reason === 'content_filter') throw fail('refused', 'was stopped by its content filter');
  const parsed = parseJson(text);
  if (parsed === undefined) {
    if (choice?.finish_reason === 'length')
      throw fail(
        'length',
        'reached the greatest length before its answer was whole; raise max_completion_tokens',
      );
    throw fail('not_json', 'answered with something that is no JSON');
  }
  const result = await schema.check(parsed.value);
  if (result.issues === undefined) return result.value;
  throw fail(
    'invalid',
    `answered with a value that the schema refuses: ${describeIssues(result.issues)}`,
    result.issues,
  );
}

/** JSON mode without a schema is often answered in a code fence. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  const from = text.search(/[[{]/);
  for (const candidate of [text, from < 0 ? '' : text.slice(from, lastBracket(text) + 1)]) {
    try {
      return { value: JSON.parse(candidate) as unknown };
    } catch {
      // The next one may do.
    }
  }
  return undefined;
}

function lastBracket(text: string): number {
  return Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
}
