import { fork } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 180_000;

/** Starts the upstream. @returns its port, and what stops it */
export async function startUpstream() {
  const child = fork(new URL('upstream.js', import.meta.url));
  const [{ port }] = await once(child, 'message');
  return { port, stop: () => child.kill() };
}

/** A cell in a process of its own. */
export class Cell {
  constructor(script, platform, cell, execArgv = []) {
    this.title = `${script} ${JSON.stringify(cell)} on Node ${platform.nodeVersion}`;
    this.child = fork(
      new URL(`cells/${script}.js`, import.meta.url),
      [JSON.stringify({ undici: platform.undici, ...cell })],
      { execPath: platform.node, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    this.ended = once(this.child, 'exit').then(([code, signal]) => [
      { error: `it exited with ${signal ?? code}` },
    ]);
  }

  /** @throws when the cell failed: a wrong answer is no measurement */
  async figures(order) {
    const limit = setTimeout(() => this.child.kill('SIGKILL'), LIMIT_MS);
    const message = once(this.child, 'message');
    if (order !== undefined) this.child.send(order);
    const [{ error, figures }] = await Promise.race([message, this.ended]);
    clearTimeout(limit);
    if (error !== undefined) throw new Error(`${this.title}: ${error}`);
    return figures;
  }

  async stop() {
    this.child.kill();
    await this.ended;
  }
}

/** Runs a cell that measures once. @returns its figures */
export async function runCell(...given) {
  const cell = new Cell(...given);
  try {
    return await cell.figures();
  } finally {
    await cell.stop();
  }
}
