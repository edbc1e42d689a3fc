/** The gateway's clients, in a process of their own. */
import { performance } from 'node:perf_hooks';
import { bodyOf, ChunkParser, headersOf, ofCompletion, Reading } from '../formats/openai.js';
import { rowOf } from '../rows.js';
import { run } from './open.js';
import assert from 'node:assert/strict';
import { Agent } from 'undici';

const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 60_000 });

function outcomeOf(row, body) {
  if (row.operation === 'chat') return ofCompletion(JSON.parse(body));
  const reading = new Reading();
  new ChunkParser((chunk) => reading.add(chunk)).feed(body);
  return reading.outcome();
}

function send(options, isFirst) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const parts = [];
    let status = 0;
    let firstAt = 0;
    agent.dispatch(options, {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        firstAt ||= performance.now();
        if (isFirst || status !== 200) parts.push(chunk);
      },
      onResponseEnd() {
        if (status !== 200) return reject(new Error(`${status}: ${Buffer.concat(parts).toString()}`));
        const endedAt = performance.now();
        resolve({ first: firstAt - startedAt, whole: endedAt - startedAt, body: Buffer.concat(parts) });
      },
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

function percentiles(values) {
  values.sort((a, b) => a - b);
  return { p50: values[values.length >> 1], p99: values[Math.floor(values.length * 0.99)] };
}

process.on('message', (task) => void drive(task));

async function drive({ row: id, port, path, headers, count, parallel }) {
  try {
    const row = rowOf(id);
    const options = {
      origin: `http://127.0.0.1:${port}`,
      path,
      method: 'POST',
      headers: { ...headersOf(row), ...headers },
      body: bodyOf(row),
    };
    const { body } = await send(options, true);
    assert.deepEqual(outcomeOf(row, body), row.expected);
    const first = [];
    const whole = [];
    await run(
      async () => {
        const taken = await send(options, false);
        first.push(taken.first * 1000);
        whole.push(taken.whole * 1000);
      },
      count,
      parallel,
    );
    process.send({ first: percentiles(first), whole: percentiles(whole) });
  } catch (error) {
    process.send({ error: error?.stack ?? String(error) });
  }
}
