import Anthropic from '@anthropic-ai/sdk';
import { API_KEY } from '../credentials.js';
import { formats } from '../formats/index.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, origin }) {
  // It adds the version of the API itself.
  const client = new Anthropic({ apiKey: API_KEY, baseURL: `${origin}/${row.id}`, maxRetries: 0 });
  const body = { model: row.model, ...row.request };
  return {
    async stream(onFirst) {
      const reading = new formats.anthropic.Reading(onFirst);
      for await (const event of await client.messages.create(body)) reading.add(event);
      return reading.outcome();
    },
  };
}
