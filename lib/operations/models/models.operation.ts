import { APIResponseValidationError } from '../../errors/errors.js';
import { CallMeta } from '../call-meta.js';
import type { Operation, OperationCall, OperationDeployment } from '../operation.interface.js';
import { lacksOperation, readDocument, requestDocument } from '../read-document.js';
import { withMeta, type WithMeta } from '../result-meta.js';
import type { ModelsFormat } from './models-format.interface.js';
import type { Model, ModelList } from './models.interface.js';

/** A call for a provider's list. */
interface ModelsCall extends OperationCall<object> {
  readonly deployment: OperationDeployment & {
    readonly operations: { readonly models?: () => ModelsFormat };
  };
}

/** A provider that goes on naming a further page would be asked for ever. */
const MAX_PAGES = 100;

/** The models that a provider serves, all pages of its list. */
export const models: Operation<ModelsCall, WithMeta<ModelList>> = {
  name: 'models',
  async run(call) {
    const { deployment, provider } = call;
    const format = deployment.operations.models?.();
    if (format === undefined) throw lacksOperation(provider, 'list of models');
    const data: Model[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const { reply, result: page } = await requestDocument(call, format.request(after, call), (answer) =>
        readDocument(answer, call, (body) => format.response(body)),
      );
      for (const model of page.models) data.push({ ...model, id: `${provider}/${model.id}` });
      after = page.next;
      if (after === undefined) return withMeta({ object: 'list', data }, new CallMeta(call, reply, {}));
    }
    throw new APIResponseValidationError(
      `${provider} (${deployment.host}) lists its models on more than ${MAX_PAGES} pages`,
      { provider, phase: 'body', code: 'too_many_pages' },
    );
  },
};
