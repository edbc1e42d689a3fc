import { createOpenAI } from '@ai-sdk/openai';
import { embedMany, generateText, jsonSchema, streamText, tool } from 'ai';
import { API_KEY } from '../credentials.js';
import { TextReading } from '../formats/text-reading.js';
import { digest } from '../wire/openai.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, baseURL }) {
  const openai = createOpenAI({ apiKey: API_KEY, baseURL });
  const { messages, temperature, input, encoding_format, tools = [] } = row.request;
  const [system, ...rest] = messages ?? [];
  const call = {
    model: openai.chat(row.model),
    system: system?.content,
    messages: rest,
    temperature,
    maxRetries: 0,
    tools: Object.fromEntries(
      tools.map(({ function: { name, description, parameters } }) => [
        name,
        tool({ description, inputSchema: jsonSchema(parameters) }),
      ]),
    ),
  };
  return {
    async chat() {
      const { text, usage } = await generateText(call);
      return { text, pieces: 1, tokens: usage.totalTokens };
    },
    async stream(onFirst) {
      const { textStream, usage } = streamText(call);
      const reading = new TextReading(onFirst);
      for await (const text of textStream) reading.piece(text);
      reading.tokens = (await usage).totalTokens;
      return reading.outcome();
    },
    async tools(onFirst) {
      const { fullStream, usage } = streamText(call);
      const reading = new TextReading(onFirst);
      for await (const part of fullStream) {
        if (part.type === 'tool-input-delta' && part.delta !== '') reading.piece(part.delta);
      }
      reading.tokens = (await usage).totalTokens;
      return reading.outcome();
    },
    // It always asks for numbers.
    ...(encoding_format === 'float' && {
      async embedding() {
        const model = openai.textEmbeddingModel(row.model);
        const { embeddings, usage } = await embedMany({ model, values: input, maxRetries: 0 });
        return { text: digest(embeddings), pieces: embeddings.length, tokens: usage.tokens };
      },
    }),
  };
}
