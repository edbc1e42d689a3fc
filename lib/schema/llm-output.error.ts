import { LlmError, type ChatCompletion } from '../index.js';
import type { SchemaIssue } from './standard-schema.interface.js';

/**
 * Why there is no value: the model refused, its answer was cut off at the greatest length, it is no JSON, or it is not
 * what the schema says.
 */
export type LlmOutputFault = 'refused' | 'length' | 'not_json' | 'invalid';

/**
 * A completion came, and is not what the schema says.
 *
 * @publicApi
 */
export class LlmOutputError extends LlmError {
  /** Also the error's `code`. */
  readonly fault: LlmOutputFault;
  /** What the schema says is wrong; empty where the answer never got so far. */
  readonly issues: readonly SchemaIssue[];
  /** What the model said. Not shown by `JSON.stringify` or `util.inspect`, as `completion` is not. */
  declare readonly text: string;
  declare readonly completion: ChatCompletion;

  constructor(
    message: string,
    fault: LlmOutputFault,
    issues: readonly SchemaIssue[],
    text: string,
    completion: ChatCompletion,
    about: { readonly provider: string; readonly model: string },
  ) {
    super(message, { code: fault, phase: 'body', ...about });
    this.fault = fault;
    this.issues = issues;
    Object.defineProperty(this, 'text', { value: text });
    Object.defineProperty(this, 'completion', { value: completion });
  }

  get finishReason(): string | null | undefined {
    return this.completion.choices[0]?.finish_reason;
  }
}

// A literal, since a minifier changes the name of the class.
Object.defineProperty(LlmOutputError.prototype, 'name', { value: 'LlmOutputError', configurable: true });

/** The issues as a person, or a model, is told them. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues
    .slice(0, 20)
    .map(({ path = [], message }) => {
      const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
      return place === '' ? message : `${place}: ${message}`;
    })
    .join('; ');
}
