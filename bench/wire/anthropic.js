/** A row in Anthropic's wire format: what the Messages API sends, to the letter of its field order and sizes. */
import {
  CHUNKS,
  MAX_TOKENS,
  question,
  system,
  temperature,
  textStream,
  TOKENS,
  WORD,
} from './conversation.js';

const model = 'claude-haiku-4-5-20251001';

/** The API pads its events with up to 15 spaces in front of the last brace, all but the pings. */
function event(data, index) {
  const json = JSON.stringify(data);
  const padding = ' '.repeat((index * 7) % 16);
  return Buffer.from(`event: ${data.type}\ndata: ${json.slice(0, -1)}${padding}}\n\n`);
}

const cached = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

const events = [
  {
    type: 'message_start',
    message: {
      model,
      id: 'msg_01QC4g3HwBThD4BaNtBckFDJ',
      type: 'message',
      role: 'assistant',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: TOKENS.prompt,
        ...cached,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 1,
        service_tier: 'standard',
        inference_geo: 'not_available',
      },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...Array.from({ length: CHUNKS }, () => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: WORD },
  })),
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: TOKENS.prompt, ...cached, output_tokens: TOKENS.completion },
  },
  { type: 'message_stop' },
].map(event);

const ping = Buffer.from('event: ping\ndata: {"type": "ping"}\n\n');

export const anthropicRows = [
  {
    ...textStream,
    id: 'anthropic-stream',
    title: 'Anthropic, stream of 200 chunks, burst',
    provider: 'anthropic',
    model,
    prefix: '/v1',
    path: '/messages',
    request: {
      max_tokens: MAX_TOKENS,
      messages: [{ role: 'user', content: question }],
      stream: true,
      system,
      temperature,
    },
    reply: {
      type: 'text/event-stream; charset=utf-8',
      pieces: [...events.slice(0, 2), ping, ...events.slice(2)],
    },
  },
];
