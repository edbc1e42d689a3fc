import { APIResponseValidationError } from '../errors/errors.js';
import { isFields } from './request-checks.js';

/** The error of an answer, which whoever reads it says to be a provider's. */
export function wrongAnswer(what: string, code = 'invalid_response'): APIResponseValidationError {
  return new APIResponseValidationError(what, { code, phase: 'body' });
}

export function answerText(value: unknown, place: string): void {
  if (typeof value !== 'string') throw wrongAnswer(`${place} is no string`);
}

export function answerMaybeText(value: unknown, place: string): void {
  if (value !== undefined && value !== null && typeof value !== 'string')
    throw wrongAnswer(`${place} is no string`);
}

export function answerNumber(value: unknown, place: string): void {
  if (typeof value !== 'number') throw wrongAnswer(`${place} is no number`);
}

export function answerMaybeList(value: unknown, place: string): void {
  if (value !== undefined && value !== null && !Array.isArray(value))
    throw wrongAnswer(`${place} is no list`);
}

/** @returns `value`, as the object that it is */
export function answerObject(value: unknown, place: string): Record<string, unknown> {
  if (!isFields(value)) throw wrongAnswer(`${place} is no object`);
  return value;
}
