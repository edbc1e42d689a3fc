import { frame, recordingsOf, type Recording } from './recordings.js';

/** What a message has to become, worked out from the recording without the adapter. */
export interface ExpectedMessage {
  readonly text: string;
  readonly reasoning: string;
  readonly signatures: readonly string[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finish: string;
  readonly usage: {
    readonly prompt: number;
    readonly completion: number;
    readonly cached: number;
    readonly written: number;
    readonly thinking: number | undefined;
  };
  /** Types of the blocks that OpenAI has no field for. */
  readonly others: readonly string[];
}

const FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

const PLAIN = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

function parseInput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** The message that the events of one stream add up to, as the API's documentation says. */
export function messageOf(events: readonly any[]): any {
  const message = structuredClone(events.find(({ type }) => type === 'message_start').message);
  const inputs = new Map<any, string>();
  for (const event of events) {
    const block = message.content[event.index];
    if (event.type === 'content_block_start')
      message.content[event.index] = structuredClone(event.content_block);
    if (event.type === 'content_block_delta') {
      const { delta } = event;
      if (delta.type === 'text_delta') block.text += delta.text;
      if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
      if (delta.type === 'signature_delta') block.signature = delta.signature;
      if (delta.type === 'compaction_delta') block.content = delta.content;
      if (delta.type === 'citations_delta') (block.citations ??= []).push(delta.citation);
      if (delta.type === 'input_json_delta')
        inputs.set(block, (inputs.get(block) ?? '') + delta.partial_json);
    }
    if (event.type === 'message_delta') {
      Object.assign(message, event.delta);
      if (event.context_management) message.context_management = event.context_management;
      for (const [name, value] of Object.entries(event.usage)) {
        if (value !== null) message.usage[name] = value;
      }
    }
  }
  for (const [block, json] of inputs) if (json !== '') block.input = parseInput(json);
  return message;
}

/** The streams that one recorded body holds: some hold the answers to several requests, one behind the other. */
export function streamsOf(events: readonly any[]): any[][] {
  const streams: any[][] = [[]];
  for (const event of events) {
    streams.at(-1)!.push(event);
    if (event.type === 'message_stop') streams.push([]);
  }
  return streams.filter((stream) => stream.length > 0);
}

export function expectedOf(message: any): ExpectedMessage {
  const { content, usage } = message;
  const of = (type: string): any[] => content.filter((block: any) => block.type === type);
  const calls = of('tool_use').map(({ id, name, input }) => ({ id, name, input }));
  return {
    text: of('text')
      .map(({ text }) => text)
      .join(''),
    reasoning: of('thinking')
      .map(({ thinking }) => thinking)
      .join(''),
    signatures: content
      .filter(({ type }: any) => type.endsWith('thinking'))
      .map((block: any) => block.signature ?? block.data ?? '')
      .filter((signature: string) => signature !== ''),
    calls,
    finish: FINISH[message.stop_reason]!,
    usage: {
      prompt:
        usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
      completion: usage.output_tokens,
      cached: usage.cache_read_input_tokens ?? 0,
      written: usage.cache_creation_input_tokens ?? 0,
      thinking: usage.output_tokens_details?.thinking_tokens,
    },
    others: content.map(({ type }: any) => type).filter((type: string) => !PLAIN.has(type)),
  };
}

/** Every recorded exchange in the format, a stream each. */
export function anthropicRecordings(): Recording[] {
  return ['anthropic', 'vertex-anthropic']
    .flatMap((folder) => recordingsOf(folder, 'named-sse'))
    .flatMap((recording) => {
      const { events } = recording;
      const streams = events === undefined ? [] : streamsOf(events);
      if (streams.length <= 1) return [recording];
      return streams.map((stream, index) => ({
        ...recording,
        name: `${recording.name}#${index}`,
        events: stream,
        body: frame(stream, 'named-sse'),
      }));
    });
}
