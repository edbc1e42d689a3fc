import type { FakeAnswer, FakeFailOptions, FakeReplyOptions } from './fake-answer.interface.js';
import type { FakeOperation, FakeRequest, WireName } from './fake-request.interface.js';
import { operationOf } from './wires/complete-answer.js';

/**
 * Which requests a rule is for: a model (`provider/model`, or its name at any provider), a regular expression over
 * `provider/model`, a predicate, or several of these, all of which have to hold.
 *
 * @publicApi
 */
export type FakeMatch =
  | string
  | RegExp
  | ((request: FakeRequest) => boolean)
  | {
      readonly model?: string | RegExp;
      readonly provider?: string;
      readonly wire?: WireName;
      readonly operation?: FakeOperation;
      readonly stream?: boolean;
      readonly where?: (request: FakeRequest) => boolean;
    };

type Conditions = Exclude<FakeMatch, string | RegExp | ((request: FakeRequest) => boolean)>;

/** How a body does not end as it should, after so many pieces. */
export interface Cut {
  readonly kind: 'break' | 'stall' | 'truncate';
  readonly after: number;
}

/** What is answered to one request. */
export type FakeAction =
  | { readonly kind: 'reply'; readonly answer: FakeAnswer; readonly options: FakeReplyOptions; cut?: Cut }
  | { readonly kind: 'fail'; readonly status: number; readonly options: FakeFailOptions; cut?: Cut }
  | { readonly kind: 'refuse'; readonly code: string; cut?: undefined };

/**
 * What is answered to the requests that it is for: the first answer to the first of them, and so on. The last one stays.
 *
 * @publicApi
 */
export class FakeRule {
  private readonly conditions: Conditions;
  private readonly actions: FakeAction[] = [];
  private limit = Infinity;
  private used = 0;

  constructor(match: FakeMatch) {
    if (typeof match === 'string' || match instanceof RegExp) this.conditions = { model: match };
    else this.conditions = typeof match === 'function' ? { where: match } : match;
  }

  /** Answers, in the format of the provider that was asked. What is a list comes in as many pieces where it is streamed. */
  reply(answer: FakeAnswer, options: FakeReplyOptions = {}): this {
    this.actions.push({ kind: 'reply', answer, options });
    return this;
  }

  /** Answers with an error status, 400 to 599, and an error in the provider's format. */
  fail(status: number, options: FakeFailOptions = {}): this {
    if (!Number.isInteger(status) || status < 300 || status > 599)
      throw new RangeError(`fail(${status}): the status of a failure is a number from 300 to 599`);
    this.actions.push({ kind: 'fail', status, options });
    return this;
  }

  /** Refuses the connection. @param code as the operating system or undici has it */
  refuse(code = 'ECONNREFUSED'): this {
    this.actions.push({ kind: 'refuse', code });
    return this;
  }

  /** The connection of the answer before breaks after `pieces` of it. */
  breakAfter(pieces: number): this {
    return this.cut('break', pieces);
  }

  /** Nothing more comes of the answer before after `pieces` of it, until the caller gives up. */
  stallAfter(pieces: number): this {
    return this.cut('stall', pieces);
  }

  /** The body of the answer before ends, properly for HTTP and not for the provider's format, after `pieces` of it. */
  truncateAfter(pieces: number): this {
    return this.cut('truncate', pieces);
  }

  /** The rule is for so many requests; later ones are those of the rules after it. */
  times(count: number): this {
    this.limit = count;
    return this;
  }

  once(): this {
    return this.times(1);
  }

  /** @internal */
  matches(request: FakeRequest): boolean {
    const action = this.current;
    if (action === undefined || this.used >= this.limit) return false;
    const { model, provider, wire, operation, stream, where } = this.conditions;
    return (
      (model === undefined || matchesModel(model, request)) &&
      (provider === undefined || provider === request.provider) &&
      (wire === undefined || wire === request.wire) &&
      (operation === undefined || operation === request.operation) &&
      (stream === undefined || stream === request.stream) &&
      answers(action, request) &&
      (where === undefined || where(request))
    );
  }

  /** @internal */
  next(): FakeAction {
    const action = this.current!;
    this.used++;
    return action;
  }

  /** What of it no request has asked for; `undefined` when nothing is left. @internal */
  get left(): string | undefined {
    const expected = this.limit === Infinity ? Math.max(this.actions.length, 1) : this.limit;
    if (this.actions.length === 0) return `${this.toString()} has no answer: add .reply() or .fail()`;
    return this.used >= expected ? undefined : `${this.toString()}: used ${this.used} of ${expected} times`;
  }

  toString(): string {
    const { where, ...others } = this.conditions;
    const named = Object.entries(others).map(([name, value]) => `${name} ${show(value)}`);
    if (where !== undefined) named.push(`a predicate${where.name === '' ? '' : ` ${where.name}`}`);
    const used = this.used >= this.limit ? ' (used up)' : '';
    return (named.length === 0 ? 'any request' : named.join(', ')) + used;
  }

  private get current(): FakeAction | undefined {
    return this.actions[Math.min(this.used, this.actions.length - 1)];
  }

  private cut(kind: Cut['kind'], after: number): this {
    const last = this.actions.at(-1);
    if (last === undefined || last.kind === 'refuse')
      throw new Error(`${kind}After(${after}) is of an answer: call reply() before it`);
    last.cut = { kind, after };
    return this;
  }
}

const show = (value: unknown): string => (value instanceof RegExp ? String(value) : JSON.stringify(value));

/** An answer to a chat is none to an embedding, so a rule for all requests is not for those. */
function answers(action: FakeAction, { operation }: FakeRequest): boolean {
  if (action.kind !== 'reply' || operation === undefined) return true;
  const { answer } = action;
  const isAny = typeof answer === 'function' || (typeof answer === 'object' && 'body' in answer);
  return isAny || operationOf(answer) === operation;
}

function matchesModel(wanted: string | RegExp, { provider, model }: FakeRequest): boolean {
  if (model === undefined) return false;
  const full = provider === undefined ? model : `${provider}/${model}`;
  if (typeof wanted !== 'string') {
    // One with a state would match every other request.
    const stateless = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ''));
    return stateless.test(full) || stateless.test(model);
  }
  if (wanted === full || wanted === model) return true;
  const slash = wanted.indexOf('/');
  if (slash === -1 || (provider !== undefined && wanted.slice(0, slash) !== provider)) return false;
  const name = wanted.slice(slash + 1);
  // What a request names may have more before it than the application wrote, or less: a maker, an account.
  return name === model || model.endsWith(`/${name}`) || name.endsWith(`/${model}`);
}
