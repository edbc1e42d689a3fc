import { BadRequestError } from '../../errors/errors.js';
import {
  checkFields,
  expectNumber,
  expectProviderOptions,
  expectText,
  isFields,
  wrongField,
  type FieldCheck,
  type Fields,
} from '../request-checks.js';
import type { EmbeddingRequest } from './embedding.interface.js';

const STRUCTURES: ReadonlyMap<string, FieldCheck> = new Map<string, FieldCheck>([
  ['input', checkInput],
  ['providerOptions', expectProviderOptions],
]);

const PARAMS: ReadonlyMap<string, FieldCheck> = new Map<string, FieldCheck>([
  ['dimensions', expectNumber],
  ['encoding_format', expectText],
  ['user', expectText],
]);

/**
 * Checks the shape of a request before anything is made of it.
 *
 * @throws {BadRequestError} with the place of the first field of a wrong type as its `param`
 */
export function checkEmbeddingRequest(request: unknown): void {
  if (!isFields(request)) throw new BadRequestError('the request has to be an object');
  if (request['input'] === undefined || request['input'] === null) checkInput(request['input']);
  checkFields(request, STRUCTURES);
}

/** @see checkChatParams */
export function checkEmbeddingParams(request: EmbeddingRequest): void {
  checkFields(request as unknown as Fields, PARAMS);
}

/** @throws {BadRequestError} when one call has more inputs than the options allow; a list of numbers is one input */
export function checkInputCount({ input }: EmbeddingRequest, most: number): void {
  if (!Array.isArray(input) || typeof input[0] === 'number' || input.length <= most) return;
  throw new BadRequestError(
    `input has ${input.length} items, and one call may have ${most} (defaults.limits.embeddingInputs): send them in several calls`,
    { param: 'input', code: 'too_many_inputs' },
  );
}

/** A text, texts, the tokens of one, or of several: no mixture. */
function checkInput(input: unknown): void {
  if (typeof input === 'string') return;
  if (!Array.isArray(input)) throw wrongField('input', 'a string or a list', input);
  if (input.length === 0) {
    throw new BadRequestError('input is empty: there is nothing to embed', { param: 'input' });
  }
  const kind = Array.isArray(input[0]) ? 'list' : typeof input[0];
  for (let index = 0; index < input.length; index++) {
    const item: unknown = input[index];
    if (kind === 'list') checkTokens(item, index);
    else if (typeof item !== kind || (kind !== 'string' && kind !== 'number'))
      throw wrongField(`input[${index}]`, 'a text or a token, as all others', item);
  }
}

function checkTokens(tokens: unknown, index: number): void {
  if (!Array.isArray(tokens)) throw wrongField(`input[${index}]`, 'a list of tokens, as all others', tokens);
  for (let at = 0; at < tokens.length; at++) expectNumber(tokens[at], `input[${index}][${at}]`);
}
