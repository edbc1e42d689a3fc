import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Agent, buildConnector } from 'undici';
import {
  cachedLookup,
  limit,
  LlmHandler,
  LlmService,
  proxied,
  tlsConnectOptions,
  type HttpSession,
} from '../../../../lib/index.js';
import { optionsFor, REQUEST } from '../../../support/llm.js';
import { startUpstream, type Upstream } from '../../../support/upstream.js';

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(() => upstream.close());

it("the parts make a session of one's own, without a cast", async () => {
  const connect = buildConnector({ ...tlsConnectOptions(), lookup: cachedLookup({ ttl: 60_000 }) });
  const proxy = proxied({ proxy: 'env', connect, env: {} });
  const limiter = limit({ limit: 300, limitPerHost: 50, maxQueue: 500 });
  const agent = new Agent({ connections: 50, headersTimeout: 0, bodyTimeout: 0, connect: proxy.connect });
  const session: HttpSession = agent.compose([...proxy.interceptors, limiter]);
  const llm = new LlmService(new LlmHandler({ session }), optionsFor(upstream));
  await llm.completion(REQUEST);
  expect(limiter.stats().hosts.get(upstream.origin)).toMatchObject({ requests: 1, active: 0 });
  await session.destroy();
});
