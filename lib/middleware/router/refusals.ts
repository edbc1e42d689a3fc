import {
  BadRequestError,
  ContextWindowExceededError,
  RateLimitError,
  ServiceUnavailableError,
} from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import type { Choice, Group, Wish } from './group.js';

/** Such refusals are no outcome of any deployment: nothing was sent. */
const PROVIDER = 'router';

/** What a caller is told where nobody knows how long, in milliseconds. */
const UNKNOWN_MS = 60_000;

/** Every deployment is at its limit; or the one that the call is pinned to is, or is left alone for its failures. */
export function noneFree(
  { name }: Group,
  { isPinned }: Wish,
  { limitedMs, broken, brokenMs }: Choice,
): LlmError {
  const known = Math.min(limitedMs, brokenMs);
  const retryAfterMs = Math.max(1, Math.ceil(Number.isFinite(known) ? known : UNKNOWN_MS));
  const init = { code: 'no_deployment', provider: PROVIDER, model: name, retryAfterMs };
  if (isPinned === undefined) {
    return new RateLimitError(
      `router: every deployment of ${name} is at its limit, so nothing was sent; the first one has room in ${retryAfterMs} ms (with router.wait calls wait for it)`,
      init,
    );
  }
  const tied = `router: the deployment of ${name} that this conversation is tied to`;
  const wait = `and no other one understands it, so nothing was sent; try again in ${retryAfterMs} ms`;
  return broken === undefined
    ? new RateLimitError(`${tied} is at its limit, ${wait}`, init)
    : new ServiceUnavailableError(
        `${tied} has failed too often (${broken.reason ?? broken.quota.reason}), ${wait}`,
        init,
      );
}

/** No deployment may take the call, now or later. */
export function noneSuited({ name }: Group, { tags, isPinned }: Wish, { tooSmall }: Choice): LlmError {
  const init = { code: 'no_deployment', provider: PROVIDER, model: name };
  if (tooSmall > 0) {
    return new ContextWindowExceededError(
      `router: the request is thought to be larger than the contextWindow of each deployment of ${name}, so nothing was sent`,
      { ...init, code: 'context_length_exceeded', param: 'messages' },
    );
  }
  if (isPinned !== undefined) {
    return new BadRequestError(
      `router: this conversation is tied to a deployment that ${name} does not have (any more), so nothing was sent; begin it anew`,
      init,
    );
  }
  return new BadRequestError(
    `router: no deployment of ${name} has the tags ${(tags ?? []).join(', ').slice(0, 200)}, so nothing was sent`,
    init,
  );
}
