import type { Recording } from './recordings.js';

/** What a choice has to become, worked out from the recording without the library. */
export interface ExpectedChoice {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finish: string;
}

export interface Expected {
  readonly id: string;
  readonly choices: readonly ExpectedChoice[];
  readonly usage:
    | {
        readonly prompt: number;
        readonly completion: number;
        readonly total: number;
        readonly cached: number;
        readonly reasoning: number;
      }
    | undefined;
  readonly citations: readonly string[];
}

export type Kind = 'completion' | 'embedding' | 'error';

export function kindOf({ events, document }: Recording): Kind {
  if (events !== undefined) return events.some((event: any) => event.choices) ? 'completion' : 'error';
  if (Array.isArray(document.choices)) return 'completion';
  return Array.isArray(document.data) ? 'embedding' : 'error';
}

/** The text of a piece of content, which Mistral may send as a list of typed parts. */
function textOf(content: any): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function thinkingOf({ content, reasoning, reasoning_content: other }: any): string {
  const parts = Array.isArray(content) ? content.filter(({ type }) => type === 'thinking') : [];
  return parts.length > 0
    ? parts.flatMap(({ thinking }) => thinking.map(({ text }: any) => text)).join('')
    : (other ?? reasoning ?? '');
}

const FINISH: Readonly<Record<string, string>> = { eos: 'stop' };

function choiceOf(pieces: readonly any[]): ExpectedChoice {
  const messages = pieces.map((piece) => piece.delta ?? piece.message ?? {});
  const calls = new Map<unknown, { id: string; name: string; input: string }>();
  for (const [position, call] of messages.flatMap(({ tool_calls: some }) => some ?? []).entries()) {
    const key = call.index ?? (call.id || position);
    const known = calls.get(key) ?? { id: call.id, name: '', input: '' };
    known.name += call.function.name ?? '';
    known.input += call.function.arguments ?? '';
    calls.set(key, known);
  }
  const finish = pieces.map((piece) => piece.finish_reason).findLast(Boolean);
  return {
    text: messages.map(({ content }) => textOf(content)).join(''),
    reasoning: messages.map(thinkingOf).join(''),
    refusal: messages.map(({ refusal }) => refusal ?? '').join(''),
    calls: [...calls.values()].map((call) => ({ ...call, input: JSON.parse(call.input || '{}') })),
    finish: FINISH[finish] ?? finish,
  };
}

/** What a recorded completion in the OpenAI format says. */
export function expectedOf({ events, document }: Recording): Expected {
  const all: any[] = events === undefined ? [document] : events.filter((event: any) => event.choices);
  const pieces = all.flatMap(({ choices }) => choices);
  const indices = [...new Set<number>(pieces.map(({ index }) => index))].sort((a, b) => a - b);
  const usage = all
    .map(({ usage: own, x_groq: groq }) => own ?? groq?.usage)
    .findLast((one) => one !== null && one !== undefined);
  return {
    id: all.map(({ id }) => id).find(Boolean),
    choices: indices.map((index) => choiceOf(pieces.filter((piece) => piece.index === index))),
    usage: usage && {
      prompt: usage.prompt_tokens,
      completion: usage.completion_tokens,
      total: usage.total_tokens,
      cached:
        usage.prompt_tokens_details?.cached_tokens ??
        usage.prompt_cache_hit_tokens ??
        usage.cached_tokens ??
        0,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens ?? 0,
    },
    citations: all.findLast(({ citations }) => citations)?.citations ?? [],
  };
}

/** The same of a completion that the library has made. */
export function actualOf(completion: any): Expected {
  const { id, choices, usage, citations } = completion;
  return {
    id,
    choices: choices.map(({ message, finish_reason: finish }: any) => ({
      text: message.content ?? '',
      reasoning: message.reasoning_content ?? '',
      refusal: message.refusal ?? '',
      calls: (message.tool_calls ?? []).map((call: any) => ({
        id: call.id,
        name: call.function.name,
        input: JSON.parse(call.function.arguments || '{}'),
      })),
      finish,
    })),
    usage: usage && {
      prompt: usage.prompt_tokens,
      completion: usage.completion_tokens,
      total: usage.total_tokens,
      cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
      reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    },
    citations: citations ?? [],
  };
}
