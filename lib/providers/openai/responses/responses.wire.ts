import { isFields, type Fields } from '../../kit/fields.js';

/** Anything in `input` or `output`: a message, a call, its output, reasoning, or the work of a tool of the provider's. */
export interface ResponsesItem extends Fields {
  type: string;
}

/** A response with what is needed of it checked. */
export interface ResponsesDocument extends Fields {
  id: string;
  status: string;
  output: ResponsesItem[];
}

/** A request's body. */
export interface ResponsesBody extends Fields {
  model: string;
  input: Fields[];
  store: boolean;
}

/** The objects of a list; nothing when it is none. */
export function fieldsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function isItem(value: unknown): value is ResponsesItem {
  return isFields(value) && typeof value['type'] === 'string';
}

export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** @returns the response; `undefined` when `body` is none, or is one that has no outcome yet */
export function asResponse(body: unknown): ResponsesDocument | undefined {
  if (!isFields(body) || typeof body['id'] !== 'string' || !Array.isArray(body['output'])) return undefined;
  const { status } = body;
  if (status !== 'completed' && status !== 'incomplete') return undefined;
  return body['output'].every(isItem) ? (body as ResponsesDocument) : undefined;
}
