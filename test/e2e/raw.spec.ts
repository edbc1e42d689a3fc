import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LlmHandler, LlmService, type ChatCompletionChunk, type CompletionOptions } from '../../lib/index.js';
import { frame, type Framing } from '../support/recordings.js';
import { startReplay, type Replay } from '../support/replay.js';

const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

/** A server's own words, which the library changes in the chunk: `reasoning`, and no index. */
const OPENAI = [
  {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { role: 'assistant', reasoning: 'Hm' } }],
  },
  {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'eos' }],
  },
];

const ANTHROPIC = [
  {
    type: 'message_start',
    message: {
      id: 'msg',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 2 },
  },
  { type: 'message_stop' },
];

const BEDROCK = [
  { messageStart: { role: 'assistant' } },
  { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } },
  { contentBlockStop: { contentBlockIndex: 0 } },
  { messageStop: { stopReason: 'end_turn' } },
  { metadata: { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, metrics: { latencyMs: 1 } } },
];

const STREAMS: [string, Framing, string, object[]][] = [
  ['groq', 'openai', 'text/event-stream', OPENAI],
  ['anthropic', 'named-sse', 'text/event-stream', ANTHROPIC],
  ['bedrock', 'aws', 'application/vnd.amazon.eventstream', BEDROCK],
];

describe('raw', () => {
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: {
      bedrock: { region: 'eu-west-1', accessKeyId: 'id', secretAccessKey: 'secret' },
      anthropic: { apiKey: 'key' },
      groq: { apiKey: 'key' },
    },
  });
  let replay: Replay;

  beforeAll(async () => {
    replay = await startReplay(7);
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  async function chunksOf(provider: string, raw?: CompletionOptions['raw']): Promise<ChatCompletionChunk[]> {
    const [, framing, type, events] = STREAMS.find(([name]) => name === provider)!;
    replay.play({ status: 200, headers: { 'content-type': type }, body: frame(events, framing) });
    const options = { baseURL: replay.origin, ...(raw !== undefined && { raw }) };
    const request = { model: `${provider}/m`, messages: MESSAGES, stream: true as const };
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of await llm.completion(request, options)) chunks.push(chunk);
    return chunks;
  }

  it.each(STREAMS)('is the event of %s on each chunk', async (provider, _framing, _type, events) => {
    const chunks = await chunksOf(provider, true);
    const raws = chunks.map(({ raw }) => raw);
    for (const raw of raws) expect(events).toContainEqual(raw);
    // In the order of the events.
    const positions = raws.map((raw) =>
      events.findIndex((event) => JSON.stringify(event) === JSON.stringify(raw)),
    );
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    for (const chunk of chunks) expect(JSON.parse(JSON.stringify(chunk))).not.toHaveProperty('raw');
  });

  it.each(STREAMS)('is not there unless it was asked for (%s)', async (provider) => {
    for (const raw of [undefined, false]) {
      for (const chunk of await chunksOf(provider, raw)) expect('raw' in chunk).toBe(false);
    }
  });

  it('is the document of a completion, as it was', async () => {
    const document = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        { index: 0, message: { role: 'assistant', reasoning: 'Hm', content: 'Hello' }, finish_reason: 'eos' },
      ],
    };
    replay.play({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(document)),
    });
    const request = { model: 'groq/m', messages: MESSAGES };
    const completion = await llm.completion(request, { baseURL: replay.origin, raw: true });
    expect(completion.raw).toEqual(document);
    expect(completion.choices[0]!.finish_reason).toBe('stop');
    expect(Object.keys(completion)).not.toContain('raw');
    const plain = await llm.completion(request, { baseURL: replay.origin });
    expect('raw' in plain).toBe(false);
  });
});
