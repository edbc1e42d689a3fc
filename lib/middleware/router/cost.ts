import { Buffer } from 'node:buffer';
import type { LlmRequest } from '../../calls/llm-call.js';

/** What a call takes of its quota: estimated before it, counted after it. */
export interface Cost {
  /** Tokens that no cache answered. */
  readonly input: number;
  readonly output: number;
}

/** What of a request its tokens are estimated from. */
export interface RequestSize {
  /** Of the texts, UTF-8. */
  readonly bytes: number;
  /** The most tokens that the answer may have, where the request says; 0 of an embedding. */
  readonly maxOutput: number | undefined;
}

/** Bytes of text that an image, a sound or a document counts for: about a thousand tokens. */
const MEDIA_BYTES = 4000;

/** Bytes a token: of UTF-8 it holds for English, code and Chinese alike, which characters do not. */
const BYTES_A_TOKEN = 4;

/** Tokens of an answer whose bound is not given, until answers of the model have told. */
const USUAL_OUTPUT = 1000;

/** How much of what is known a new observation replaces. */
const LEARNING = 0.1;

/**
 * Providers that take `max_tokens` for the answer's tokens until they know better.
 *
 * @see {@link https://platform.openai.com/docs/guides/rate-limits}
 * @see {@link https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota}
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html}
 */
const RESERVES_MAX_TOKENS = new Set(['openai', 'azure', 'bedrock']);

/** Texts that are known are off by less than this; what is further off counts something else. */
const MOST_OFF = 4;

/** Estimates the tokens of calls to one model, and learns from what they came to. */
export class Estimator {
  /** Input tokens for each one estimated. */
  private ratio = 1;
  private output = USUAL_OUTPUT;
  private readonly reserves: boolean;

  constructor(provider: string) {
    this.reserves = RESERVES_MAX_TOKENS.has(provider);
  }

  estimate({ bytes, maxOutput }: RequestSize): Cost {
    const output =
      maxOutput === undefined ? this.output : this.reserves ? maxOutput : Math.min(maxOutput, this.output);
    return { input: Math.ceil((bytes / BYTES_A_TOKEN) * this.ratio), output: Math.ceil(output) };
  }

  /** @param prompt tokens of the prompt, those of a cache included */
  learn({ bytes, maxOutput }: RequestSize, prompt: number, output: number): void {
    if (bytes > 0) {
      const seen = prompt / (bytes / BYTES_A_TOKEN);
      this.ratio += LEARNING * (Math.min(MOST_OFF, Math.max(1 / MOST_OFF, seen)) - this.ratio);
    }
    if (maxOutput !== 0) this.output += LEARNING * (output - this.output);
  }
}

/** Measures a request that nothing has checked yet: what is not as it should be counts for nothing. */
export function sizeOf(request: LlmRequest): RequestSize {
  const fields = request as unknown as Record<string, unknown>;
  if ('input' in fields && !('messages' in fields))
    return { bytes: textBytes(fields['input']), maxOutput: 0 };
  let bytes = 0;
  for (const message of listOf(fields['messages'])) bytes += messageBytes(message);
  if (fields['tools'] !== undefined) bytes += jsonBytes(fields['tools']);
  if (fields['response_format'] !== undefined) bytes += jsonBytes(fields['response_format']);
  const most = fields['max_completion_tokens'] ?? fields['max_tokens'];
  const answers = typeof fields['n'] === 'number' && fields['n'] > 1 ? fields['n'] : 1;
  return { bytes, maxOutput: typeof most === 'number' && most > 0 ? most * answers : undefined };
}

function messageBytes(message: unknown): number {
  if (typeof message !== 'object' || message === null) return 0;
  const { content, tool_calls: calls, reasoning_content: reasoning } = message as Record<string, unknown>;
  let bytes = textBytes(reasoning);
  if (calls !== undefined) bytes += jsonBytes(calls);
  if (typeof content === 'string') return bytes + Buffer.byteLength(content);
  for (const part of listOf(content)) {
    const { text } = (part ?? {}) as { text?: unknown };
    bytes += typeof text === 'string' ? Buffer.byteLength(text) : MEDIA_BYTES;
  }
  return bytes;
}

/** Of a text, or of a list of texts or of token ids. */
function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return BYTES_A_TOKEN;
  let bytes = 0;
  for (const one of listOf(value)) bytes += textBytes(one);
  return bytes;
}

function jsonBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    // What cannot be written is refused where the request is checked.
    return 0;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
