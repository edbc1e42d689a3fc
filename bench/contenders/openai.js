import OpenAI from 'openai';
import { API_KEY } from '../credentials.js';
import { formats, operations } from '../formats/index.js';

function opened(row, client) {
  const body = { model: row.model, ...row.request };
  const resource = row.operation === 'embedding' ? client.embeddings : client.chat.completions;
  return operations(formats.openai, {
    document: () => resource.create(body),
    async stream(onFirst) {
      const reading = new formats.openai.Reading(onFirst);
      for await (const chunk of await resource.create(body)) reading.add(chunk);
      return reading.outcome();
    },
  });
}

export const onGlobalFetch = {
  open: async ({ row, baseURL }) => opened(row, new OpenAI({ apiKey: API_KEY, baseURL, maxRetries: 0 })),
};

export const onUndici = {
  open: async ({ row, baseURL, undici, agent }) =>
    opened(
      row,
      new OpenAI({
        apiKey: API_KEY,
        baseURL,
        maxRetries: 0,
        fetch: undici.fetch,
        fetchOptions: { dispatcher: agent },
      }),
    ),
};
