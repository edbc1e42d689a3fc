import { APIResponseValidationError } from '../errors/errors.js';

export function eventTooLarge(maxSize: number): APIResponseValidationError {
  return new APIResponseValidationError(
    `an event of the stream is larger than ${maxSize} characters (defaults.limits.eventSize)`,
    { code: 'event_too_large', phase: 'body' },
  );
}
