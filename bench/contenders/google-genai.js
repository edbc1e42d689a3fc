import { GoogleGenAI } from '@google/genai';
import { API_KEY } from '../credentials.js';
import { TextReading } from '../formats/text-reading.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, origin }) {
  const ai = new GoogleGenAI({
    apiKey: API_KEY,
    vertexai: false,
    // It adds the version of the API itself, and tries again only when told how often.
    httpOptions: { baseUrl: `${origin}/${row.id}` },
  });
  const { contents, systemInstruction, generationConfig } = row.request;
  const request = { model: row.model, contents, config: { systemInstruction, ...generationConfig } };
  return {
    async stream(onFirst) {
      const reading = new TextReading(onFirst);
      for await (const chunk of await ai.models.generateContentStream(request)) {
        const { text } = chunk;
        if (text) reading.piece(text);
        if (chunk.usageMetadata) reading.tokens = chunk.usageMetadata.totalTokenCount;
      }
      return reading.outcome();
    },
  };
}
