import { Agent } from 'undici';
import type { HttpSession } from '../../lib/index.js';

/** A session of the test's own that counts what is asked of it. */
export class CountingSession implements HttpSession {
  readonly agent = new Agent();
  dispatched = 0;
  closeCalls = 0;

  get closed(): boolean {
    return this.agent.closed;
  }

  get destroyed(): boolean {
    return this.agent.destroyed;
  }

  dispatch(...[options, handler]: Parameters<HttpSession['dispatch']>): boolean {
    this.dispatched++;
    return (this.agent as HttpSession).dispatch(options, handler);
  }

  close(): Promise<void> {
    this.closeCalls++;
    return this.agent.close();
  }

  destroy(error?: Error | null): Promise<void> {
    this.closeCalls++;
    return this.agent.destroy(error ?? null);
  }
}
