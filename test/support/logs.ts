import { Logger, type LoggerService } from '@nestjs/common';

export interface LogEntry {
  readonly level: string;
  readonly text: string;
}

/** Collects what is logged, instead of printing it. */
export interface LogCollector extends LoggerService {
  readonly entries: LogEntry[];
  /** Logging goes where it went before. */
  restore(): void;
}

export function collectLogs(): LogCollector {
  const entries: LogEntry[] = [];
  const take =
    (level: string) =>
    (...parts: unknown[]): void => {
      entries.push({ level, text: parts.map(String).join(' ') });
    };
  const collector: LogCollector = {
    entries,
    log: take('log'),
    error: take('error'),
    warn: take('warn'),
    debug: take('debug'),
    restore: () => Logger.overrideLogger(['log', 'error', 'warn']),
  };
  Logger.overrideLogger(collector);
  return collector;
}
