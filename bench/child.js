import { fork } from 'node:child_process';
import { once } from 'node:events';

const CELL_LIMIT_MS = 180_000;

/** Starts the upstream. @returns its port, and what stops it */
export async function startUpstream() {
  const child = fork(new URL('upstream.js', import.meta.url));
  const [{ port }] = await once(child, 'message');
  return { port, stop: () => child.kill() };
}

/**
 * Runs one cell in a process of its own.
 *
 * @returns its figures; `null` when the contender does not offer the operation
 * @throws when the cell failed: a wrong answer is no measurement
 */
export async function runCell(script, platform, cell, execArgv = []) {
  const child = fork(
    new URL(`cells/${script}.js`, import.meta.url),
    [JSON.stringify({ undici: platform.undici, ...cell })],
    { execPath: platform.node, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), CELL_LIMIT_MS);
  try {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code, signal]) => [{ error: `it exited with ${signal ?? code}` }]),
    ]);
    if (message.error !== undefined) {
      throw new Error(`${script} ${JSON.stringify(cell)} on Node ${platform.nodeVersion}: ${message.error}`);
    }
    return message.figures;
  } finally {
    clearTimeout(limit);
    child.kill();
  }
}
