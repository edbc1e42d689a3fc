import type { Model } from '../../operations/models/models.interface.js';
import { isFields } from '../kit/fields.js';
import type { ModelsFormat } from '../provider-adapter.interface.js';

/**
 * @see {@link https://platform.openai.com/docs/api-reference/models/list}
 * Together answers with the list alone.
 */
export const OPENAI_MODELS: ModelsFormat = {
  request: () => ({ method: 'GET', path: '/models', body: null }),
  response(body) {
    const data = isFields(body) ? body['data'] : body;
    if (!Array.isArray(data) || !data.every(isNamed)) return undefined;
    return { models: data.map(toModel) };
  },
};

type Named = Partial<Model> & { readonly id: string };

function isNamed(one: unknown): one is Named {
  return isFields(one) && typeof one['id'] === 'string';
}

function toModel({ id, created, owned_by: owner }: Named): Model {
  return {
    id,
    object: 'model',
    created: typeof created === 'number' ? created : 0,
    owned_by: typeof owner === 'string' ? owner : '',
  };
}
