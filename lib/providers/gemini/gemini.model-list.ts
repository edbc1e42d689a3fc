import { isFields } from '../kit/fields.js';
import type { ModelsFormat } from '../provider-adapter.interface.js';

/** The most that a page may have. */
const PAGE = 1000;

/** @see {@link https://ai.google.dev/api/models#method:-models.list} */
export const GEMINI_MODELS: ModelsFormat = {
  request: (after) => ({
    method: 'GET',
    path: `/models?pageSize=${PAGE}${after === undefined ? '' : `&pageToken=${encodeURIComponent(after)}`}`,
    body: null,
  }),
  response(body) {
    if (!isFields(body)) return undefined;
    const listed: unknown = body['models'] ?? [];
    if (!Array.isArray(listed) || !listed.every(isListed)) return undefined;
    const models = listed.map(({ name }) => ({
      id: name.replace(/^models\//, ''),
      object: 'model' as const,
      created: 0,
      owned_by: 'google',
    }));
    const next = body['nextPageToken'];
    return { models, ...(typeof next === 'string' && next !== '' && { next }) };
  },
};

function isListed(one: unknown): one is { readonly name: string } {
  return isFields(one) && typeof one['name'] === 'string';
}
