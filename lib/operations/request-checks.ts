import { BadRequestError } from '../errors/errors.js';

export type Fields = Record<string, unknown>;

/**
 * Checks the type of one field of a request.
 *
 * @param place where the field is, such as `messages[0].content`, for the error
 * @throws {BadRequestError}
 */
export type FieldCheck = (value: unknown, place: string) => void;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a value is, for a message: never the value itself, which may be long. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** @param expected what the field has to be, such as `a string` */
export function wrongField(place: string, expected: string, value: unknown): BadRequestError {
  return new BadRequestError(`${place} has to be ${expected}, and is ${kindOf(value)}`, { param: place });
}

export function expectText(value: unknown, place: string): void {
  if (typeof value !== 'string') throw wrongField(place, 'a string', value);
}

/** JSON has no other numbers than finite ones. */
export function expectNumber(value: unknown, place: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongField(place, 'a number', value);
}

export function expectBoolean(value: unknown, place: string): void {
  if (typeof value !== 'boolean') throw wrongField(place, 'true or false', value);
}

export function expectObject(value: unknown, place: string): void {
  if (!isFields(value)) throw wrongField(place, 'an object', value);
}

export function expectTexts(value: unknown, place: string): void {
  if (!Array.isArray(value)) throw wrongField(place, 'a list of strings', value);
  for (let index = 0; index < value.length; index++) expectText(value[index], `${place}[${index}]`);
}

export function expectObjects(
  value: unknown,
  place: string,
  check: (item: Fields, place: string) => void,
): void {
  if (!Array.isArray(value)) throw wrongField(place, 'a list', value);
  for (let index = 0; index < value.length; index++) {
    const item: unknown = value[index];
    if (!isFields(item)) throw wrongField(`${place}[${index}]`, 'an object', item);
    check(item, `${place}[${index}]`);
  }
}

/** `check`, for a field that may be absent or `null`. */
export function expectMaybe(check: FieldCheck, value: unknown, place: string): void {
  if (value !== undefined && value !== null) check(value, place);
}

export function expectProviderOptions(value: unknown): void {
  expectObject(value, 'providerOptions');
  for (const [provider, options] of Object.entries(value as Fields)) {
    if (options !== undefined && !isFields(options))
      throw wrongField(`providerOptions.${provider.slice(0, 64)}`, 'an object', options);
  }
}

/** Checks the fields that `checks` knows. One that is `null` is as good as absent, our own `providerOptions` apart. */
export function checkFields(fields: Fields, checks: ReadonlyMap<string, FieldCheck>): void {
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined || (value === null && name !== 'providerOptions')) continue;
    checks.get(name)?.(value, name);
  }
}
