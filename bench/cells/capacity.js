/** CPU of a call and of a chunk over each protocol, and the connections that carry them. Of this package alone. */
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { contenders } from '../contenders/index.js';
import { rowOf } from '../rows.js';
import { report, run } from './open.js';

const WARM_UP = 3;

await report(async ({ row: id, protocol, parallel, count, port: plainPort, undici: name }) => {
  const undici = await import(name);
  const row = rowOf(id);
  let port = plainPort;
  if (protocol !== 'http1') {
    const upstream = fork(new URL('../secure-upstream.js', import.meta.url));
    [{ port }] = await once(upstream, 'message');
    process.on('exit', () => upstream.kill());
  }
  const sockets = new Set();
  const agent = new undici.Agent({
    allowH2: protocol === 'http2',
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { rejectUnauthorized: false },
  });
  agent.on('connect', (_origin, targets) => sockets.add(targets.at(-1)));
  const origin = `${protocol === 'http1' ? 'http' : 'https'}://127.0.0.1:${port}`;
  const contender = await contenders['nestjs-llm'].load();
  const operations = await contender.open({
    row,
    origin,
    baseURL: `${origin}/${row.id}${row.prefix}`,
    undici,
    agent,
  });
  const call = operations[row.operation];
  await run(call, count * WARM_UP, parallel);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await run(call, count, parallel);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  const units = count * (row.unit === 'chunk' ? row.expected.pieces : 1);
  const cpu = (user + system) / units;
  return { cpu, aSecondAndCore: 1e6 / cpu, rate: units / seconds, connections: sockets.size };
});
