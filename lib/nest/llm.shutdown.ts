import { Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { SessionClosedError } from '../errors/errors.js';
import type { LlmHandler } from '../llm.handler.js';
import type { SessionOwner } from '../transport/session/session-owner.js';

/**
 * Ends the calls of an instance of the module and closes its session, when the application shuts down.
 *
 * `onModuleDestroy` runs while an HTTP server still serves: a handler between two calls to a provider would fail. There
 * the grace time only starts, and the end comes in `onApplicationShutdown`, when the server has stopped.
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
    private readonly adapterHost: Pick<HttpAdapterHost, 'listening'> | undefined,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.graceEndsAt ??= performance.now() + this.graceMs;
    if (this.adapterHost?.listening !== true) return this.close();
    // The server waits for its open responses, so a stream that does not end would hold the shutdown for ever.
    this.deadline ??= setTimeout(() => this.handler.refuse(), this.graceMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.graceEndsAt ??= performance.now() + this.graceMs;
    return this.close();
  }

  private close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    try {
      await this.handler.drain(Math.max(0, this.graceEndsAt! - performance.now()));
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
