import { APIResponseValidationError } from '../errors/errors.js';

/** 16 Mi characters: room for an image in one event. */
export const MAX_EVENT_CHARS = 16 * 1024 * 1024;

export function eventTooLarge(): APIResponseValidationError {
  return new APIResponseValidationError(
    `an event of the stream is larger than ${MAX_EVENT_CHARS} characters`,
    {
      code: 'event_too_large',
      phase: 'body',
    },
  );
}
