import { APITimeoutError, APIUserAbortError, SessionClosedError } from '../../errors/errors.js';
import { LlmError, type LlmErrorPhase } from '../../errors/llm.error.js';
import type { HttpRequest } from './http-request.interface.js';

type Called = Pick<HttpRequest, 'provider' | 'model' | 'origin'>;

/** A limit has expired: `phase` says which. */
export function expired(
  { provider, model, origin }: Called,
  phase: LlmErrorPhase,
  timeoutMs: number,
): APITimeoutError {
  const { host } = new URL(origin);
  return new APITimeoutError(EXPIRED[phase]!(provider, host, timeoutMs), timeoutMs, {
    provider,
    model,
    phase,
    retryable: phase === 'connect',
  });
}

/** The limit on the wait for a connection of the session's own pool has expired: the session has no limit of ours. */
export function expiredInPool({ provider, model, origin }: Called, timeoutMs: number): APITimeoutError {
  const { host } = new URL(origin);
  return new APITimeoutError(
    `${provider}: the call to ${host} waited ${timeoutMs} ms for one of the session's connections, which were all in use, and was not sent; give the session more connections, or raise timeout.queue`,
    timeoutMs,
    { provider, model, phase: 'queue' },
  );
}

/** The caller's signal was aborted. */
export function aborted(
  { provider, model }: Called,
  phase: LlmErrorPhase,
  reason: unknown,
): APIUserAbortError {
  return new APIUserAbortError(`${provider}: the caller aborted the call`, {
    provider,
    model,
    phase,
    cause: reason,
  });
}

/** The handler shut down before the call had ended. */
export function shutDown({ provider, model, origin }: Called, phase: LlmErrorPhase): SessionClosedError {
  return new SessionClosedError(
    `${provider}: the call to ${new URL(origin).host} was still running when the grace time of the shutdown ended`,
    { provider, model, phase },
  );
}

/** The function that gives the credentials threw. */
export function withoutCredentials({ provider, model }: Called, cause: unknown): LlmError {
  return new LlmError(`${provider}: the function that gives the credentials failed`, {
    code: 'credentials_failed',
    provider,
    model,
    cause,
  });
}

const EXPIRED: Readonly<
  Partial<Record<LlmErrorPhase, (provider: string, host: string, ms: number) => string>>
> = {
  request: (provider, host, ms) =>
    `${provider}: no credentials for ${host} within ${ms} ms, so nothing was sent; check the function or the service that gives them, or raise timeout.connect`,
  queue: (provider, host, ms) =>
    `${provider}: the call to ${host} waited ${ms} ms for its place among the calls that the session lets run at once, and was not sent; raise http.limit or http.limitPerHost, or timeout.queue`,
  connect: (provider, host, ms) =>
    `${provider}: no connection to ${host} within ${ms} ms; check the network and the proxy settings, or raise timeout.connect`,
  firstByte: (provider, host, ms) =>
    `${provider}: ${host} took the request and sent nothing of its answer within ${ms} ms; raise timeout.firstByte if its answers take longer`,
  idle: (provider, host, ms) =>
    `${provider}: ${host} sent nothing more for ${ms} ms in the middle of its response; raise timeout.idle if it pauses longer`,
  stalled: (provider, host, ms) =>
    `${provider}: nobody read the stream from ${host} for ${ms} ms while what had arrived waited, so it was closed; read a stream to its end or leave it, or raise timeout.stalled`,
  total: (provider, host, ms) => `${provider}: the call to ${host} took longer than timeout.total, ${ms} ms`,
};
