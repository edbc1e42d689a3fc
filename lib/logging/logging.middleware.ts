import { Logger } from '@nestjs/common';
import type { LlmMiddleware, LlmOutcome } from '../index.js';
import { callLine, type LlmCallLine } from './call-line.js';

/** @publicApi */
export interface LlmLoggingOptions {
  /** Of calls that went well at the first try. Default `log`. */
  level?: 'log' | 'debug' | 'verbose' | undefined;
  /** Milliseconds; a call that took longer is logged with `warn`. Default: none is slow. */
  slowMs?: number | undefined;
  /** Makes text of a line, for loggers that print an object over several lines. Default: the object itself. */
  format?: ((line: LlmCallLine) => string) | undefined;
}

type Level = 'log' | 'debug' | 'verbose' | 'warn' | 'error';

/**
 * Logs each call that it wraps when it has ended, with the context `LlmCall`: failed ones as `error`, slow ones, retried ones and those of a
 * fallback as `warn`, those that the caller ended as `debug`. For `LlmService.use()` outside of NestJS.
 *
 * @publicApi
 */
export function loggingMiddleware({ level = 'log', slowMs, format }: LlmLoggingOptions = {}): LlmMiddleware {
  const logger = new Logger('LlmCall');
  return function logging(call, next) {
    const asked = call.request.model;
    call.tap({
      end(outcome) {
        const line = callLine(call, asked, outcome);
        logger[levelOf(outcome, line)](format === undefined ? line : format(line));
      },
    });
    return next();
  };

  function levelOf({ end, durationMs }: LlmOutcome, { attempts }: LlmCallLine): Level {
    if (end === 'broken') return 'error';
    if (end !== 'whole') return 'debug';
    return attempts !== undefined || (slowMs !== undefined && durationMs > slowMs) ? 'warn' : level;
  }
}
