import { LlmConfigurationError } from '../errors/errors.js';
import { nearNames } from '../providers/kit/near-names.js';
import type { CompletionOptions, EmbeddingOptions } from './call-options.interface.js';

type Options = CompletionOptions & EmbeddingOptions;

/** @returns what is wrong with a value; it begins with the part of it that is, where it has parts */
type Check = (value: unknown) => string | undefined;

/** The longest delay that a Node timer takes, in milliseconds. */
const MAX_MS = 0x7fffffff;

const milliseconds: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= MAX_MS
    ? undefined
    : ` has to be a number of milliseconds from 0 to ${MAX_MS}`;

const count =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least
      ? undefined
      : ` has to be a whole number of ${least} or more`;

const flag: Check = (value) => (typeof value === 'boolean' ? undefined : ' has to be true or false');

const object: Check = (value) => (isObject(value) ? undefined : ' has to be an object');

const hasMethod =
  (name: string, what: string): Check =>
  (value) =>
    typeof (value as Record<string, unknown> | null)?.[name] === 'function'
      ? undefined
      : ` has to be ${what}`;

function fieldsOf(checks: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isObject(value)) return ` has to be an object with ${Object.keys(checks).join(', ')}`;
    for (const name in value) {
      if (value[name] === undefined) continue;
      const fault = checks[name] === undefined ? ` is not known` : checks[name](value[name]);
      if (fault !== undefined) return `.${name}${fault}`;
    }
    return undefined;
  };
}

/** Characters that no header may have are refused where the headers are put together. */
const headers: Check = (value) => {
  if (!isObject(value)) return ' has to be an object of header names and values';
  for (const name in value) {
    if (value[name] !== undefined && typeof value[name] !== 'string') return `.${name} has to be a string`;
  }
  return undefined;
};

/** A key that is empty or has a blank in it is the provider's to refuse, with the advice on where it comes from. */
const apiKey: Check = (value) =>
  typeof value === 'string' || typeof value === 'function'
    ? undefined
    : ' has to be a string, or a function that gives one';

const fallbacks: Check = (value) => {
  if (Array.isArray(value)) return targets(value);
  return fieldsOf({
    models: targets,
    contextWindow: targets,
    contentPolicy: targets,
    on: (list) => (Array.isArray(list) ? undefined : ' has to be a list of error classes'),
    resume: flag,
  })(value);
};

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : ' has to be a string that is not empty';

const texts: Check = (value) =>
  Array.isArray(value) && value.every((one) => text(one) === undefined)
    ? undefined
    : ' has to be a list of strings that are not empty';

const targets: Check = (value) => {
  const isTarget = (one: unknown): boolean =>
    typeof one === 'string' || (isObject(one) && typeof one['model'] === 'string');
  return Array.isArray(value) && value.every(isTarget)
    ? undefined
    : ' has to be a list of models, or of objects with a model';
};

const CHECKS: Readonly<Record<keyof Options, Check>> = {
  signal: hasMethod('addEventListener', 'an AbortSignal'),
  session: hasMethod('dispatch', 'a session: an object with dispatch()'),
  timeout: fieldsOf({
    queue: milliseconds,
    connect: milliseconds,
    firstByte: milliseconds,
    idle: milliseconds,
    stalled: milliseconds,
    total: milliseconds,
  }),
  retry: fieldsOf({
    maxRetries: count(0),
    baseDelay: milliseconds,
    maxDelay: milliseconds,
    maxRetryAfter: milliseconds,
    mayBillTwice: flag,
    budget: (value) => (value === false || isObject(value) ? undefined : ' has to be an object, or false'),
  }),
  apiKey,
  baseURL: (value) => (typeof value === 'string' ? undefined : ' has to be a string'),
  headers,
  dropParams: flag,
  metadata: object,
  fallbacks,
  raw: flag,
  maxParallelCalls: count(1),
  affinity: text,
  tags: texts,
  pin: text,
};

/**
 * Checks the options of one call, which come from code that no compiler may have seen.
 *
 * @returns the error that names the option, never its value; `undefined` when there is none
 */
export function faultOfOptions(options: unknown): LlmConfigurationError | undefined {
  if (!isObject(options)) return refused(`the call's options are no object`);
  for (const name in options) {
    const value = options[name];
    if (value === undefined) continue;
    const check = (CHECKS as Readonly<Record<string, Check>>)[name];
    const fault = check === undefined ? undefined : check(value);
    if (check === undefined)
      return refused(`the option ${name.slice(0, 100)} of the call is not known${near(name)}`);
    if (fault !== undefined) return refused(`the option ${name}${fault}`);
  }
  return undefined;
}

function near(name: string): string {
  const names = nearNames(name, Object.keys(CHECKS));
  return names.length > 0 ? `; did you mean ${names.join(', ')}?` : '';
}

function refused(message: string): LlmConfigurationError {
  return new LlmConfigurationError(message, { code: 'invalid_option' });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
