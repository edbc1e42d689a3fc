import { describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, Injectable, Module, Post, StreamableFile } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { HTTP_SESSION, LlmHandler, LlmModule, LlmService } from '../../../lib/index.js';
import { FakeHttpSession, LlmTestingModule } from '../../../lib/testing/index.js';
import { failureOf, MESSAGES, STREAMED } from '../../support/llm.js';

@Controller()
class ChatController {
  constructor(private readonly llm: LlmService) {}

  @Post('chat')
  async chat(@Body() { question }: { question: string }): Promise<StreamableFile> {
    const messages = [{ role: 'user' as const, content: question }];
    const stream = await this.llm.completion({
      model: 'anthropic/claude-sonnet-4-5',
      messages,
      stream: true,
    });
    return new StreamableFile(stream.toReadable(), { type: 'text/event-stream' });
  }
}

@Module({ imports: [LlmModule.forRoot({ warmUp: ['anthropic'] })], controllers: [ChatController] })
class AppModule {}

@Injectable()
class Greeter {
  constructor(private readonly llm: LlmService) {}

  async greet(): Promise<string | null> {
    const { choices } = await this.llm.completion({ model: 'bedrock/amazon.nova-lite', messages: MESSAGES });
    return choices[0]!.message.content;
  }
}

describe('in an application', () => {
  it('streams the answer and survives a rate limit', async () => {
    const llm = new FakeHttpSession();
    llm.on({ wire: 'anthropic' }).fail(429, { retryAfter: 0 }).reply(['Hel', 'lo'], { delayMs: 5 });
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(HTTP_SESSION)
      .useValue(llm)
      .compile();
    const app = await module.createNestApplication().init();
    const response = await request(app.getHttpServer()).post('/chat').send({ question: 'hi' });
    expect(response.text).toMatch(/"content":"Hel"[\s\S]*"content":"lo"[\s\S]*\[DONE\]/);
    // Warming up has found its connection, and counts as no request.
    expect(llm.requests).toHaveLength(2);
    expect(llm.requests[0]!.headers['x-api-key']).toBe('***');
    await app.close();
  });

  it('is there for a provider alone, by LlmTestingModule', async () => {
    const module = await Test.createTestingModule({
      imports: [LlmTestingModule.forRoot()],
      providers: [Greeter],
    }).compile();
    module.get(FakeHttpSession).reply('Hello');
    expect(await module.get(Greeter).greet()).toBe('Hello');
    await module.close();
  });
});

it('follows the fake timers of Jest', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  try {
    const fake = new FakeHttpSession();
    fake.reply(['a', 'b'], { delayMs: 1000 }).reply(['a', 'b', 'c']).stallAfter(2);
    const llm = new LlmService(new LlmHandler({ session: fake }));
    const slow = llm.completion(STREAMED).then((stream) => stream.final());
    await jest.advanceTimersByTimeAsync(2001);
    expect((await slow).choices[0]!.message.content).toBe('ab');
    const stalled = failureOf(llm.completion(STREAMED).then((stream) => stream.final()));
    await jest.advanceTimersByTimeAsync(601_000);
    expect((await stalled).name).toBe('APITimeoutError');
  } finally {
    jest.useRealTimers();
  }
});
