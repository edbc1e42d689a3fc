import { frame, recordingsOf, type Recording } from './recordings.js';

const FOLDERS = ['openai', 'azure', 'xai', 'open-responses'];
const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** Some recordings are the streams of several turns, one after the other. */
function streamsOf(recording: Recording): Recording[] {
  if (recording.events === undefined) return [recording];
  const streams: any[][] = [[]];
  for (const event of recording.events) {
    streams.at(-1)!.push(event);
    if (TERMINAL.has(event.type)) streams.push([]);
  }
  return streams
    .filter((events) => events.length > 0)
    .map((events, index) => ({
      ...recording,
      name: `${recording.name}#${index}`,
      events,
      body: frame(events, 'named-sse'),
    }));
}

/** Everything recorded of the Responses API. */
export function responsesRecordings(): Recording[] {
  return FOLDERS.flatMap((folder) => recordingsOf(`responses/${folder}`, 'named-sse')).flatMap(streamsOf);
}

/** What a completion has to say, put together without the library. */
export interface Expected {
  readonly text: string;
  readonly refusal: string;
  readonly reasoning: string;
  readonly calls: { id: string; name: string; input: string }[];
  readonly annotations: unknown[];
  readonly citations: string[];
  readonly finish: string;
  readonly usage: { prompt: number; completion: number; total: number; cached: unknown; thinking: unknown };
}

function callsOf(items: any[]): Expected['calls'] {
  return items
    .filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
    .map((item) => ({ id: item.call_id, name: item.name, input: item.arguments ?? item.input }));
}

function restOf(
  response: any,
  items: any[],
  sources: any[],
): Omit<Expected, 'text' | 'refusal' | 'reasoning'> {
  const calls = callsOf(items);
  const { usage } = response;
  const placed = sources.filter((source) => source.type === 'url_citation' && 'start_index' in source);
  return {
    calls,
    annotations: placed.map(({ type, url, title, start_index, end_index }) => ({
      type,
      url_citation: { url, title, start_index, end_index },
    })),
    citations: sources
      .filter((source) => source.type === 'url_citation' && !('start_index' in source))
      .map(({ url }) => url),
    finish: calls.length > 0 ? 'tool_calls' : 'stop',
    usage: {
      prompt: usage.input_tokens,
      completion: usage.output_tokens,
      total: usage.total_tokens,
      cached: usage.input_tokens_details.cached_tokens,
      thinking: usage.output_tokens_details.reasoning_tokens,
    },
  };
}

export function expectedOfDocument(response: any): Expected {
  const parts = response.output
    .filter(({ type }: any) => type === 'message')
    .flatMap(({ content }: any) => content);
  const texts = (type: string, field: string) =>
    parts
      .filter((part: any) => part.type === type)
      .map((part: any) => part[field])
      .join('');
  const thoughts = response.output
    .filter(({ type }: any) => type === 'reasoning')
    .flatMap(({ summary, content }: any) => [...(summary ?? []), ...(content ?? [])]);
  return {
    text: texts('output_text', 'text'),
    refusal: texts('refusal', 'refusal'),
    reasoning: thoughts.map(({ text }: any) => text).join('\n\n'),
    ...restOf(
      response,
      response.output,
      parts.flatMap(({ annotations }: any) => annotations ?? []),
    ),
  };
}

export function expectedOfEvents(events: readonly any[]): Expected {
  const deltas = (...types: string[]) => events.filter(({ type }) => types.includes(type));
  const thoughts = new Map<string, string>();
  for (const event of deltas('response.reasoning_summary_text.delta', 'response.reasoning_text.delta')) {
    const key = [event.output_index, event.summary_index, event.content_index].join('/');
    thoughts.set(key, (thoughts.get(key) ?? '') + event.delta);
  }
  const texts = new Map<string, string>();
  for (const event of deltas('response.output_text.delta')) {
    const key = `${event.output_index}/${event.content_index}`;
    texts.set(key, (texts.get(key) ?? '') + event.delta);
  }
  // Where pieces are missing, the whole text that follows them has them.
  for (const { item, output_index } of deltas('response.output_item.done')) {
    for (const [index, part] of (item.type === 'message' ? item.content : []).entries()) {
      const key = `${output_index}/${index}`;
      if (part.text.startsWith(texts.get(key) ?? '')) texts.set(key, part.text);
    }
  }
  return {
    text: [...texts.values()].join(''),
    refusal: '',
    reasoning: [...thoughts.values()].join('\n\n'),
    ...restOf(
      events.at(-1).response,
      deltas('response.output_item.done').map(({ item }) => item),
      deltas('response.output_text.annotation.added').map(({ annotation }) => annotation),
    ),
  };
}
