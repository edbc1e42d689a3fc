import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import {
  LlmHandler,
  LlmService,
  SessionClosedError,
  type HttpConnector,
  type HttpInterceptor,
  type LlmHandlerOptions,
} from '../../lib/index.js';
import { REQUEST, STREAMED, failureOf, optionsFor } from '../support/llm.js';
import { CountingSession } from '../support/sessions.js';
import { answerStalled, answerText, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let seen: string[];
let session: CountingSession;
let handler: LlmHandler;

beforeEach(async () => {
  upstream = await startUpstream();
  seen = [];
  session = new CountingSession();
});

afterEach(async () => {
  await handler.close(0);
  await session.agent.destroy();
  await upstream.close();
});

function service(options?: LlmHandlerOptions): LlmService {
  handler = new LlmHandler(options);
  return new LlmService(handler, optionsFor(upstream));
}

const transport: HttpInterceptor = (dispatch) => (options, sink) => {
  seen.push('transport');
  return dispatch(options, sink);
};

const connector: HttpConnector = (_options, callback) => {
  seen.push('connector');
  const socket = connect(upstream.port, '127.0.0.1', () => callback(null, socket));
};

/** undici's connect options. */
const connectOptions = {
  lookup: (_name: string, _options: unknown, callback: (...result: unknown[]) => void) => {
    seen.push('lookup');
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  },
};

describe('LlmHandler alone', () => {
  it.each<[string, () => LlmHandlerOptions | undefined, string[], number]>([
    ['nothing', () => undefined, [], 0],
    ['no options', () => ({}), [], 0],
    ['a session', () => ({ session }), [], 1],
    ['a transport', () => ({ transport: [transport] }), ['transport'], 0],
    ['a connector function', () => ({ connector }), ['connector'], 0],
    ['transport over connector', () => ({ transport: [transport], connector }), ['transport'], 0],
    ['session over all', () => ({ session, transport: [transport], connector }), [], 1],
  ])('carries a call with %s', async (_name, options, expected, dispatched) => {
    const completion = await service(options()).completion(REQUEST);
    expect(completion.choices[0]!.message.content).toBe('Hello, world');
    expect(seen).toEqual(expected);
    expect(session.dispatched).toBe(dispatched);
  });

  it("takes undici's connect options for a connector", async () => {
    handler = new LlmHandler({ connector: connectOptions });
    const baseURL = `http://provider.invalid:${upstream.port}/v1`;
    await new LlmService(handler, optionsFor({ baseURL })).completion(REQUEST);
    expect(seen).toEqual(['lookup']);
  });

  it('makes one session for calls that begin at once', async () => {
    const llm = service({ connector });
    upstream.answer(answerText());
    await Promise.all([llm.completion(REQUEST), llm.completion(REQUEST)]);
    await new Promise(setImmediate);
    await llm.completion(REQUEST);
    expect(seen).toHaveLength(2);
  });

  it('opens nothing before the first call, and closing it then does nothing', async () => {
    service({ connector });
    await handler.close();
    expect(seen).toEqual([]);
  });

  it('closes the session that it made', async () => {
    const llm = service();
    await llm.completion(REQUEST);
    await handler.close();
    await upstream.requests[0]!.closed;
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
  });

  it('never closes the session that it was given', async () => {
    const llm = service({ session });
    await llm.completion(REQUEST);
    await handler.close();
    expect(session).toMatchObject({ closeCalls: 0, closed: false, destroyed: false });
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
    await new LlmService(new LlmHandler({ session }), optionsFor(upstream)).completion(REQUEST);
  });

  it('is disposed of by `await using`', async () => {
    {
      await using disposable = new LlmHandler();
      handler = disposable;
      await new LlmService(disposable, optionsFor(upstream)).completion(REQUEST);
    }
    await upstream.requests[0]!.closed;
  });

  it('waits for running calls, ends the ones that are left, and closes once', async () => {
    upstream.answer(answerStalled());
    const llm = service();
    const stream = await llm.completion(STREAMED);
    const failure = failureOf(stream.final());
    const closing = handler.close(20);
    expect(handler.close(60_000)).toBe(closing);
    await closing;
    expect(await failure).toBeInstanceOf(SessionClosedError);
    await upstream.requests[0]!.closed;
  });

  it('closes with a call that began and was left before the session was made', async () => {
    const llm = service();
    const call = failureOf(llm.completion(REQUEST));
    await handler.close(0);
    expect(await call).toBeInstanceOf(SessionClosedError);
    expect(upstream.requests).toHaveLength(0);
  });

  it('serves two that wait for it to be idle', async () => {
    upstream.answer(() => {});
    const llm = service();
    const incoming = upstream.nextRequest();
    const call = llm.completion(REQUEST);
    const request = await incoming;
    const both = Promise.all([handler.drain(60_000), handler.close(60_000)]);
    await answerText()(request, request.response);
    await call;
    await both;
  });

  it('counts its calls', async () => {
    const llm = service();
    await llm.completion(REQUEST);
    upstream.answer((_request, response) => void response.writeHead(400).end());
    await failureOf(llm.completion(REQUEST));
    upstream.answer(answerStalled());
    const stream = await llm.completion(STREAMED);
    expect(llm.stats()).toMatchObject({
      calls: { active: 1, started: 3, succeeded: 1, failed: 1, aborted: 0 },
    });
    await stream.return();
    expect(llm.stats()).toMatchObject({
      calls: { active: 0, started: 3, succeeded: 1, failed: 1, aborted: 1 },
    });
  });
});
