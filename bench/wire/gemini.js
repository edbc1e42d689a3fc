/** A row in Gemini's wire format: what streamGenerateContent sends, to the letter of its field order and sizes. */
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

const model = 'gemini-2.5-flash';

/** As Google writes its JSON: a space after a colon, none after a comma. */
function event(data) {
  const json = JSON.stringify(data, null, 1).replace(/\n */g, '');
  return Buffer.from(`data: ${json}\r\n\r\n`);
}

function chunk(index) {
  const last = index === CHUNKS - 1;
  const completion = Math.round((TOKENS.completion * (index + 1)) / CHUNKS);
  return {
    candidates: [
      {
        content: { parts: [{ text: WORD }], role: 'model' },
        ...(last && { finishReason: 'STOP' }),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: TOKENS.prompt,
      candidatesTokenCount: completion,
      totalTokenCount: TOKENS.prompt + completion,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: TOKENS.prompt }],
    },
    modelVersion: model,
    responseId: '0J-HaJetAqv0jrEPwu-tsQ0',
  };
}

export const geminiRows = [
  {
    ...textStream,
    id: 'gemini-stream',
    title: 'Gemini, stream of 200 chunks, burst',
    provider: 'gemini',
    model,
    prefix: '/v1beta',
    path: `/models/${model}:streamGenerateContent?alt=sse`,
    request: {
      contents: [{ parts: [{ text: question }], role: 'user' }],
      systemInstruction: { parts: [{ text: system }], role: 'user' },
      generationConfig: { temperature, maxOutputTokens: MAX_TOKENS },
    },
    reply: {
      type: 'text/event-stream',
      pieces: Array.from({ length: CHUNKS }, (_, index) => event(chunk(index))),
    },
  },
];
