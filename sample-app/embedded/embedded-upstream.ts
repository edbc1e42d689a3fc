import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ChatCompletionRequest, LLMock, Mountable } from '@copilotkit/aimock';
import { ANSWERS, fallbackAnswer } from './answers.js';

/** About the pace of a small hosted model: a third of a second to think, then 50 pieces of 5 characters a second. */
const PACE = { chunkSize: 5, streamingProfile: { ttft: 350, tps: 50, jitter: 0.3 } };

/** aimock goes on writing to a client that left, timer by timer. An ended response stops it. */
const STOP_WHEN_CLIENT_LEAVES: Mountable = {
  handleRequest(_request, response) {
    response.once('close', () => response.end());
    return Promise.resolve(false);
  },
};

/**
 * A provider inside of this process, for a start without a key: a real HTTP server on a free loopback port that speaks
 * OpenAI's API and gives written answers. The library does not know the difference.
 */
@Injectable()
export class EmbeddedUpstream implements OnApplicationShutdown {
  private server: LLMock | undefined;

  /** Its base URL; `undefined` while it is not in use. */
  get url(): string | undefined {
    return this.server === undefined ? undefined : `${this.server.url}/v1`;
  }

  /** Starts the server. Its package is loaded here only, so that a real deployment does without it. */
  async start(): Promise<string> {
    const { LLMock } = await import('@copilotkit/aimock');
    const server = new LLMock({ host: '127.0.0.1', port: 0, logLevel: 'silent' });
    server.mount('/v1', STOP_WHEN_CLIENT_LEAVES);
    for (const { about, answer } of ANSWERS) {
      server.on(
        { endpoint: 'chat', predicate: (request) => about.test(lastWordsOf(request)) },
        () => ({ content: answer }),
        PACE,
      );
    }
    server.on({ endpoint: 'chat' }, (request) => ({ content: fallbackAnswer(lastWordsOf(request)) }), PACE);
    await server.start();
    this.server = server;
    return this.url!;
  }

  /** NestJS ends modules before the modules that they import, so the LLM calls have ended when this runs. */
  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await server?.stop();
  }
}

/** The text of the user's latest message. */
function lastWordsOf({ messages }: ChatCompletionRequest): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map(({ text }) => text ?? '').join(' ');
}
