import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  createHttpSession,
  getLlmHandlerToken,
  getLlmServiceToken,
  HTTP_SESSION,
  LlmHandler,
  LlmModule,
  LlmService,
  type HttpSession,
} from '../../../lib/index.js';
import { failureOf, optionsFor, REQUEST, STREAMED } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import { answerText, eventsOf, sendEvents, startUpstream, type Upstream } from '../../support/upstream.js';

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(async () => {
  await closeLlms();
  await upstream.close();
});

const make = () => createHttpSession({ proxy: false });

describe('LlmHandler.replaceSession()', () => {
  it('has running calls end on the old session, and new ones use the next', async () => {
    const { llm, handler, session } = await openLlm({}, upstream.baseURL);
    let finish!: () => void;
    upstream.answer((_request, response) => {
      const events = eventsOf(['a', 'b']);
      sendEvents(response, events.slice(0, 2));
      finish = () => {
        sendEvents(response, events.slice(2));
        response.end();
      };
    });
    const stream = await llm.completion(STREAMED);
    const next = await make();
    let settled = false;
    const replaced = handler.replaceSession(next).then(() => (settled = true));
    upstream.answer(answerText());
    await llm.completion(REQUEST);
    expect(settled).toBe(false);
    expect(upstream.requests[0]!.socket.remotePort).not.toBe(upstream.requests[1]!.socket.remotePort);
    finish();
    expect((await stream.final()).choices[0]!.message.content).toBe('ab');
    await replaced;
    // Nobody handed it over: it is the caller's to close.
    expect(session.destroyed).toBe(false);
    await next.destroy();
  });

  it('closes an owned session when its last call has ended, and the last one with the handler', async () => {
    const { handler, llm, session } = await openLlm({}, upstream.baseURL);
    const [first, second] = [await make(), await make()];
    await handler.replaceSession(first, { owned: true });
    expect(session.destroyed).toBe(false);
    await llm.completion(REQUEST);
    await handler.replaceSession(second, { owned: true });
    expect(first.destroyed).toBe(true);
    expect(second.destroyed).toBe(false);
    await llm.completion(REQUEST);
    await handler.close();
    expect(second.destroyed).toBe(true);
    expect(session.destroyed).toBe(false);
  });

  it('does not close a session that is in use again', async () => {
    const { handler, llm, session } = await openLlm({}, upstream.baseURL);
    const [first, second] = [await make(), await make()];
    await handler.replaceSession(first, { owned: true });
    let answer!: () => void;
    upstream.answer(async (request, response) => {
      await new Promise<void>((resolve) => (answer = resolve));
      await answerText()(request, response);
    });
    const arrived = upstream.nextRequest();
    const running = llm.completion(REQUEST);
    await arrived;
    const away = handler.replaceSession(second, { owned: true });
    const back = handler.replaceSession(first);
    await back;
    answer();
    await running;
    await away;
    expect(first.destroyed).toBe(false);
    expect(second.destroyed).toBe(true);
    await handler.close(0);
    expect(first.destroyed).toBe(true);
    await session.destroy();
  });

  it('takes the place of a session that is still being made', async () => {
    const handler = new LlmHandler();
    const llm = new LlmService(handler, optionsFor(upstream));
    const first = llm.completion(REQUEST);
    const next = await make();
    await Promise.all([handler.replaceSession(next, { owned: true }), first]);
    expect(handler.sessionStats()!.origins).toEqual({});
    await llm.completion(REQUEST);
    expect(handler.sessionStats()!.origins).toHaveProperty([upstream.origin]);
    await handler.close(0);
    expect(next.destroyed).toBe(true);
  });

  it('closes what is handed over after the shutdown', async () => {
    const { handler } = await openLlm({}, upstream.baseURL);
    await handler.close(0);
    const late = await make();
    await handler.replaceSession(late, { owned: true });
    expect(late.destroyed).toBe(true);
  });

  it('loses no call under load', async () => {
    const { handler, llm } = await openLlm({ limit: 20, limitPerHost: 20 }, upstream.baseURL);
    let running = true;
    let done = 0;
    const workers = Array.from({ length: 30 }, async (_, i) => {
      while (running) {
        if (i % 2 === 0) await llm.completion(REQUEST);
        else await (await llm.completion(STREAMED)).final();
        done++;
      }
    });
    const sessions: HttpSession[] = [];
    const retired: Promise<void>[] = [];
    for (let i = 0; i < 10; i++) {
      const before = done;
      while (done < before + 30) await new Promise((resolve) => setImmediate(resolve));
      const next = await createHttpSession({ proxy: false, limit: 20, limitPerHost: 20 });
      sessions.push(next);
      retired.push(handler.replaceSession(next, { owned: true }));
    }
    running = false;
    await Promise.all([...workers, ...retired]);
    expect(handler.stats()).toMatchObject({ active: 0, failed: 0, aborted: 0, retries: 0 });
    expect(sessions.map(({ destroyed }) => destroyed)).toEqual([...Array<boolean>(9).fill(true), false]);
  }, 20_000);
});

describe('in an application', () => {
  it('the handler of that name takes the next session, and the module closes its own and what it was handed', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        LlmModule.forRoot({ ...optionsFor(upstream), http: { proxy: false } }),
        LlmModule.forRoot({ ...optionsFor(upstream), http: { proxy: false }, name: 'other' }),
      ],
    }).compile();
    const app = await moduleRef.init();
    const own = app.get<HttpSession>(HTTP_SESSION);
    const next = await make();
    await app.get(LlmHandler).replaceSession(next, { owned: true });
    expect(own.destroyed).toBe(true);
    await app.get(LlmService).completion(REQUEST);
    await app.get<LlmService>(getLlmServiceToken('other')).completion(REQUEST);
    const others = app.get<LlmHandler>(getLlmHandlerToken('other')).sessionStats()!;
    expect(others.origins[upstream.origin]).toMatchObject({ requests: 1 });
    await app.close();
    expect(next.destroyed).toBe(true);
  });

  it("a session of the user that was replaced stays the user's", async () => {
    const [mine, next] = [await make(), await make()];
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot({ ...optionsFor(upstream), session: { useValue: mine } })],
    }).compile();
    await moduleRef.get(LlmHandler).replaceSession(next);
    await moduleRef.get(LlmService).completion(REQUEST);
    await moduleRef.close();
    expect([mine.destroyed, next.destroyed]).toEqual([false, false]);
    await Promise.all([mine.destroy(), next.destroy()]);
  });

  it('a call after the shutdown is refused on the next session, too', async () => {
    const { handler, llm } = await openLlm({}, upstream.baseURL);
    const next = await make();
    await handler.replaceSession(next);
    await handler.close(0);
    expect((await failureOf(llm.completion(REQUEST))).name).toBe('SessionClosedError');
    await next.destroy();
  });
});
