import { AbortLink } from './abort-link.js';

/** An abort of one's own that also follows the caller's signal, with one listener until `unlink()`. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  unlink(): void;
}

/** `AbortSignal.any` keeps its sources' listeners for as long as they live, and an application's signal may live long. */
export function linkedAbort(signal: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal!.reason);
  let link: AbortLink | undefined;
  if (signal?.aborted === true) follow();
  else if (signal !== undefined) link = new AbortLink(signal, follow);
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => link?.unlink(),
  };
}
