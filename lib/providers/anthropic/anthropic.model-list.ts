import { isFields } from '../kit/fields.js';
import type { ModelsFormat } from '../provider-adapter.interface.js';

/** The most that a page may have. */
const PAGE = 1000;

/** @see {@link https://docs.claude.com/en/api/models-list} */
export const ANTHROPIC_MODELS: ModelsFormat = {
  request: (after) => ({
    method: 'GET',
    path: `/models?limit=${PAGE}${after === undefined ? '' : `&after_id=${encodeURIComponent(after)}`}`,
    body: null,
  }),
  response(body) {
    if (!isFields(body) || !Array.isArray(body['data'])) return undefined;
    const listed: unknown[] = body['data'];
    if (!listed.every(isListed)) return undefined;
    const models = listed.map(({ id, created_at: at }) => ({
      id,
      object: 'model' as const,
      created: typeof at === 'string' ? Math.trunc((Date.parse(at) || 0) / 1000) : 0,
      owned_by: 'anthropic',
    }));
    const last = body['last_id'];
    return { models, ...(body['has_more'] === true && typeof last === 'string' && { next: last }) };
  },
};

function isListed(one: unknown): one is { readonly id: string; readonly created_at?: unknown } {
  return isFields(one) && typeof one['id'] === 'string';
}
