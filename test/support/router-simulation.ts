import { compose } from '../../lib/calls/chain.js';
import { LlmCall } from '../../lib/calls/llm-call.js';
import { Deployments } from '../../lib/deployments/deployments.js';
import { chat } from '../../lib/operations/chat/chat.operation.js';
import { budgetsOf } from '../../lib/middleware/router/budgets.js';
import { Router } from '../../lib/middleware/router/router.js';
import {
  LlmHandler,
  type CompletionOptions,
  type HttpDispatchController,
  type HttpSession,
  type LlmError,
  type RouterOptions,
} from '../../lib/index.js';

/** The same sequence for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 4_294_967_296;
}

/** What a deployment of a simulation does. */
export interface SimulatedPlace {
  /** Milliseconds of an answer of success, on average. */
  readonly ms: number;
  /** Calls a second, with a bucket of one second. */
  readonly limit: number;
  /** Answers 500 after 15 ms from one time to another. */
  readonly breaks?: readonly [from: number, to: number];
}

interface Event {
  readonly at: number;
  run(): void;
}

const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'x' } }],
    usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
  }),
);
const FAILURE = Buffer.from('{"error":{"message":"no"}}');

/** What became of the calls of a simulation. */
export interface Simulated {
  calls: number;
  answered: number;
  failed: number;
  /** Requests, by deployment. */
  readonly tries: Record<string, number>;
  limited: number;
  /** Requests to a deployment that was broken. */
  toBroken: number;
  /** Of the sessions' later calls, those that came where the one before had been. */
  warm: number;
  /** Sessions that were seen at more than one deployment. */
  readonly moved: Set<string>;
}

/**
 * Processes without shared state route the calls of a minute to simulated deployments, over the real router, operations
 * and handler: only the session and the clock are not. The same seed gives the same figures.
 */
export async function simulate({
  places,
  router,
  rate,
  seconds,
  processes = 4,
  sessions = 400,
  affinity = false,
}: {
  readonly places: Readonly<Record<string, SimulatedPlace>>;
  /** Without the deployments' addresses, which are the simulation's. */
  readonly router: RouterOptions;
  /** Calls a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly processes?: number;
  readonly sessions?: number;
  readonly affinity?: boolean;
}): Promise<Simulated> {
  const random = randomOf(7);
  const events: Event[] = [];
  let now = 0;
  const clock = { now: () => now, random };
  const out: Simulated = {
    calls: 0,
    answered: 0,
    failed: 0,
    tries: {},
    limited: 0,
    toBroken: 0,
    warm: 0,
    moved: new Set(),
  };
  const schedule = (at: number, run: () => void): void => {
    let index = events.length;
    while (index > 0 && events[index - 1]!.at < at) index--;
    events.splice(index, 0, { at, run });
  };
  const state = new Map(
    Object.entries(places).map(([id, place]) => [id, { ...place, level: place.limit, at: 0 }]),
  );
  const outcomeAt = (id: string): { status: number; ms: number } => {
    const place = state.get(id)!;
    out.tries[id] = (out.tries[id] ?? 0) + 1;
    place.level = Math.min(place.limit, place.level + ((now - place.at) * place.limit) / 1000);
    place.at = now;
    const { breaks } = place;
    if (breaks !== undefined && now >= breaks[0] && now < breaks[1]) {
      out.toBroken++;
      return { status: 500, ms: 15 };
    }
    if (place.level < 1) {
      out.limited++;
      return { status: 429, ms: 20 };
    }
    place.level--;
    return { status: 200, ms: place.ms * (0.7 + 0.6 * random()) };
  };
  const session: HttpSession = {
    dispatch({ path }, handler) {
      const { status, ms } = outcomeAt(path.split('/')[1]!);
      schedule(now + ms, () => {
        handler.onRequestStart(CONTROLLER, {});
        handler.onResponseStart(CONTROLLER, status, { 'content-type': 'application/json' }, '');
        handler.onResponseData(CONTROLLER, status === 200 ? ANSWER : FAILURE);
        handler.onResponseEnd(CONTROLLER, {});
      });
      return true;
    },
    close: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  const handler = new LlmHandler({ session });
  const models = Object.fromEntries(
    Object.entries(router.models).map(([name, list]) => [
      name,
      list.map((one) => ({ apiKey: 'k', ...one, baseURL: `http://simulated/${one.id}` })),
    ]),
  );
  const chains = Array.from({ length: processes }, () => {
    const options = { ...router, models };
    const deployments = new Deployments({ router: options }, handler);
    const made = new Router(options, deployments, budgetsOf(options, clock.now), clock);
    const chain = compose([made.middleware], (call) => call.run() as Promise<object>);
    return (options_: CompletionOptions) =>
      chain(
        new LlmCall(
          chat,
          { model: 'chat', messages: [{ role: 'user', content: 'hi' }] },
          options_,
          deployments,
        ),
      );
  });
  const seen = new Map<string, string>();
  const begin = (): void => {
    out.calls++;
    const key = `s${Math.floor(random() * sessions)}`;
    const options = { retry: { maxRetries: 0 }, ...(affinity && { affinity: key }) };
    chains[Math.floor(random() * processes)]!(options).then(
      (result) => {
        out.answered++;
        const { deployment } = (result as { meta: { deployment: string } }).meta;
        if (seen.get(key) === deployment) out.warm++;
        else if (seen.has(key)) out.moved.add(key);
        seen.set(key, deployment);
      },
      (_error: LlmError) => out.failed++,
    );
  };
  for (let at = 0; at < seconds * 1000;) {
    at += (-Math.log(1 - random()) * 1000) / rate;
    schedule(at, begin);
  }
  while (events.length > 0) {
    const event = events.pop()!;
    now = event.at;
    event.run();
    await new Promise(setImmediate);
  }
  await handler.close(0);
  return out;
}

const CONTROLLER: HttpDispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
};
