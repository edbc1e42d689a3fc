import { Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { SessionClosedError } from '../errors/errors.js';
import type { LlmHandler } from '../llm.handler.js';
import type { SessionOwner } from '../transport/session/session-owner.js';
import { beforeServerCloses } from './server-closing.js';

/**
 * Ends the calls of an instance of the module and closes its session, when the application shuts down.
 *
 * What still serves is served: requests while another hook delays the server's end, a handler or a worker's job between
 * two calls. The grace time counts from the moment the server stops taking connections, or without a server from the
 * beginning of the shutdown. Refusing begins when it is over, or in `onApplicationShutdown`, which NestJS calls in the
 * modules that import this one first.
 */
export class LlmShutdown implements OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger('LlmModule');
  private deadline: NodeJS.Timeout | undefined;
  private graceEndsAt: number | undefined;
  private closed: Promise<void> | undefined;

  constructor(
    private readonly handler: LlmHandler,
    private readonly owner: SessionOwner,
    private readonly graceMs: number,
    private readonly adapterHost: Pick<HttpAdapterHost, 'listening' | 'httpAdapter'> | undefined,
  ) {}

  onModuleDestroy(): void {
    if (this.adapterHost?.listening !== true) this.startGrace();
    else beforeServerCloses(this.adapterHost.httpAdapter, () => this.letCallsEnd());
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  /** @returns the time of performance.now() at which the grace time is over */
  private startGrace(): number {
    // A job, or a response, that waits for a call which does not end would hold the shutdown for ever.
    this.deadline ??= setTimeout(() => this.handler.refuse(), this.graceMs).unref();
    this.graceEndsAt ??= performance.now() + this.graceMs;
    return this.graceEndsAt;
  }

  private async letCallsEnd(): Promise<boolean> {
    this.startGrace();
    if (this.handler.stats().active === 0) return false;
    await this.handler.idle(this.graceMs);
    if (this.handler.stats().active > 0) this.handler.refuse();
    return true;
  }

  private async end(): Promise<void> {
    const graceEndsAt = this.startGrace();
    try {
      await this.handler.drain(Math.max(0, graceEndsAt - performance.now()));
      await this.owner.destroy(new SessionClosedError('the LLM module has shut down'));
    } catch (error) {
      this.logger.error(
        'Closing the HTTP session failed',
        error instanceof Error ? error.stack : String(error),
      );
    } finally {
      clearTimeout(this.deadline);
    }
  }
}
