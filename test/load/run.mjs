// Many streams at once, a tenth of which meets a fault and some of whose consumers leave, for as long as is asked:
//   node --expose-gc test/load/run.mjs [--streams 2000] [--seconds 60]
// Every call has to be accounted for; memory, sockets, timers and listeners have to come back to what they were.
import { fork } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createHttpSession, LlmError, LlmHandler, LlmService } from '../../dist/esm/index.js';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '60' },
  },
});
const streams = Number(values.streams);
const endsAt = performance.now() + Number(values.seconds) * 1000;

const upstream = fork(fileURLToPath(new URL('upstream.mjs', import.meta.url)));
const [{ port }] = await once(upstream, 'message');

async function ask() {
  upstream.send({});
  const [answer] = await once(upstream, 'message');
  return answer;
}

/** The process's own timers: the fork has none. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const heapMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};

const session = await createHttpSession({ limitPerHost: streams });
const handler = new LlmHandler({ session });
const llm = new LlmService(handler, {
  providers: { openai: { apiKey: 'sk-load', baseURL: `http://127.0.0.1:${port}/v1` } },
  defaults: {
    timeout: { connect: 20_000, firstByte: 2000, idle: 2000, total: 30_000 },
    retry: { baseDelay: 5, maxDelay: 20 },
  },
});

const messages = [{ role: 'user', content: 'Hi' }];
const shared = new AbortController();
const outcomes = new Map();
let made = 0;

function count(outcome) {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

async function one() {
  made++;
  const kind = Math.random();
  const user = kind < 0.1 ? 'fault' : 'fine';
  const leavesAfter = kind > 0.8 ? Math.floor(Math.random() * 20) : Infinity;
  const own = kind > 0.9 ? new AbortController() : undefined;
  try {
    const stream = await llm.completion(
      { model: 'openai/m', messages, user, stream: true },
      { signal: own?.signal ?? shared.signal },
    );
    let chunks = 0;
    for await (const _chunk of stream) {
      if (chunks++ < leavesAfter) continue;
      if (own === undefined) break;
      own.abort();
    }
    count(chunks > leavesAfter ? 'left' : 'whole');
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    count(error.name);
  }
}

async function worker() {
  // Two thousand calls in one turn of the event loop would measure that turn.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 2000));
  while (performance.now() < endsAt) await one();
}

const before = { timers: timers(), heap: heapMb() };
const delay = monitorEventLoopDelay({ resolution: 10 });
const heaps = [];
// Without a collection: that would stop the event loop, whose delay is measured.
const sampler = setInterval(
  () => heaps.push(process.memoryUsage().heapUsed / 1024 / 1024),
  (Number(values.seconds) * 1000) / 8,
);
delay.enable();
const cpuBefore = process.cpuUsage();
const startedAt = performance.now();
const workers = Array.from({ length: streams }, worker);
await Promise.all(workers);
const cpu = process.cpuUsage(cpuBefore);
const ranMs = performance.now() - startedAt;
delay.disable();
clearInterval(sampler);

const accounted = [...outcomes.values()].reduce((sum, number) => sum + number, 0);
const stats = llm.stats().calls;
await handler.close(0);
await session.destroy();
let sockets = await ask();
for (let turn = 0; turn < 100 && sockets.open > 0; turn++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  sockets = await ask();
}
await new Promise((resolve) => setTimeout(resolve, 1500));
const after = { timers: timers(), heap: heapMb() };

console.table(Object.fromEntries(outcomes));
const report = {
  calls: made,
  accounted,
  requests: sockets.requests,
  active: stats.active,
  openSockets: sockets.open,
  listeners: getEventListeners(shared.signal, 'abort').length,
  timersBefore: before.timers,
  timersAfter: after.timers,
  heapBeforeMb: Math.round(before.heap),
  heapDuringMb: heaps.map(Math.round).join(' '),
  heapAfterMb: Math.round(after.heap),
  // Near 1, the delays are those of a core that has too much to do.
  coresUsed: ((cpu.user + cpu.system) / 1000 / ranMs).toFixed(2),
  loopDelayP50Ms: Math.round(delay.percentile(50) / 1e6),
  loopDelayP99Ms: Math.round(delay.percentile(99) / 1e6),
  loopDelayMaxMs: Math.round(delay.max / 1e6),
};
console.table(report);

const faults = [
  accounted !== made && 'calls are not accounted for',
  stats.active !== 0 && 'calls are still active',
  sockets.open !== 0 && 'sockets are still open',
  report.listeners !== 0 && 'listeners are left on the signal',
  after.timers > before.timers && 'timers are left',
  after.heap > before.heap + 15 && 'memory has grown',
].filter(Boolean);
upstream.disconnect();
console.log(faults.length === 0 ? 'everything came back' : `FAILED: ${faults.join('; ')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
