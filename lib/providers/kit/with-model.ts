import type { FormatContext } from '../provider-adapter.interface.js';

/** The context of a call whose body names its model otherwise than the caller does. What is dropped is noted in the call's own. */
export function withModel<Context extends FormatContext>(context: Context, model: string): Context {
  return Object.create(context, { model: { value: model } }) as Context;
}
