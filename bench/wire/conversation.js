/** What is asked and answered in every wire format alike. */

export const CHUNKS = 200;
export const WORD = ' token';

export const temperature = 0.7;
export const system = 'You are a helpful assistant. '.repeat(8);
export const question = 'Explain quantum computing in simple terms. '.repeat(14);

export const TOKENS = { prompt: 120, completion: 240, total: 360 };

/** The request in OpenAI's shape. */
export const chatRequest = {
  temperature,
  messages: [
    { role: 'system', content: system },
    { role: 'user', content: question },
  ],
};

export const streamedRequest = { ...chatRequest, stream: true, stream_options: { include_usage: true } };

/** For formats that want a limit in each request. */
export const MAX_TOKENS = 1024;

/** What the rows of a streamed text in another format than OpenAI's have in common. */
export const textStream = {
  operation: 'stream',
  openaiRequest: { ...streamedRequest, max_tokens: MAX_TOKENS },
  expected: { text: WORD.repeat(CHUNKS), pieces: CHUNKS, tokens: TOKENS.total },
  unit: 'chunk',
  calls: { 1: 60, 32: 500, 256: 512 },
  warmUp: 1000,
};
