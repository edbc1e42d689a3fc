import 'reflect-metadata';
import { formats, operations } from '../formats/index.js';
import { importFromRoot } from '../root-packages.js';
import { providerOptions } from './provider-options.js';

const own = new URL('../../dist/esm/index.js', import.meta.url).href;

async function openService({ row, baseURL, agent }, build) {
  const { LlmModule, LlmService } = await import(build);
  const { NestFactory } = await importFromRoot('@nestjs/core');
  const app = await NestFactory.createApplicationContext(
    LlmModule.forRoot({
      session: { useValue: agent },
      providers: providerOptions(row, baseURL),
    }),
    { logger: false },
  );
  const llm = app.get(LlmService);
  const request = { model: `${row.provider}/${row.model}`, ...(row.openaiRequest ?? row.request) };
  return operations(formats.openai, {
    document: () => (row.operation === 'embedding' ? llm.embedding(request) : llm.completion(request)),
    async stream(onFirst) {
      const reading = new formats.openai.Reading(onFirst);
      for await (const chunk of await llm.completion(request)) reading.add(chunk);
      return reading.outcome();
    },
  });
}

export const service = { open: (context) => openService(context, own) };

/** The build of --against. */
export const earlier = { open: (context) => openService(context, context.build) };

const TIMEOUT = { connect: 10_000, firstByte: 600_000, idle: 180_000, total: 1_800_000 };
const RETRY = { maxRetries: 2, baseDelay: 500, maxDelay: 8000, maxRetryAfter: 60_000 };

/** The exchange without the service: the document or the bytes are the caller's to read. */
export const handler = {
  async open({ row, origin, agent }) {
    const { LlmHandler } = await import(own);
    const format = formats[row.provider];
    const sender = new LlmHandler({ session: agent });
    const request = {
      provider: row.provider,
      model: `${row.provider}/${row.model}`,
      origin,
      path: `/${row.id}${row.prefix}${row.path}`,
      method: 'POST',
      headers: format.headersOf(row),
      timeout: TIMEOUT,
      retry: RETRY,
      readError: ({ status }) => new Error(`status ${status}`),
    };
    return operations(format, {
      document: async () =>
        JSON.parse((await sender.send({ ...request, body: format.bodyOf(row) })).body.toString('utf8')),
      stream: (onFirst) =>
        new Promise((resolve, reject) => {
          const reading = new format.Reading(onFirst);
          const parser = new format.ChunkParser((chunk) => reading.add(chunk));
          const reader = {
            onStart() {},
            onData(bytes) {
              parser.feed(bytes);
              return true;
            },
            onEnd: () => resolve(reading.outcome()),
            onError: reject,
          };
          sender.send({ ...request, body: format.bodyOf(row), reader }).catch(reject);
        }),
    });
  },
};
