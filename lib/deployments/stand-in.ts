import { LlmError } from '../errors/llm.error.js';
import type {
  ConnectOptions,
  ProviderAdapter,
  ProviderConnection,
} from '../providers/provider-adapter.interface.js';
import { STAND_IN_PROVIDER_HEADER } from '../transport/session/http-session.interface.js';
import { override } from './override.js';

type Options = ConnectOptions & Readonly<Record<string, unknown>>;

/** What providers do not connect without, by the names of the options. */
const STAND_INS: Options = {
  apiKey: 'stand-in-key',
  region: 'us-east-1',
  project: 'stand-in',
  account: 'stand-in',
};

/**
 * Connects to a provider for a session that stands in for it: whatever the options lack is made up, and neither the
 * environment nor a credentials source is looked at, so that a test does the same on every machine.
 */
export function connectToStandIn(adapter: ProviderAdapter, options: Options): ProviderConnection {
  const { apiKey } = options;
  const given = typeof apiKey === 'function' ? { ...options, apiKey: undefined } : options;
  const isScoped = options['projectId'] !== undefined || options['spaceId'] !== undefined;
  const scope: Options = isScoped ? {} : { projectId: 'stand-in' };
  const { baseURL, headers, pathOf, settings } = connect(
    adapter,
    override({ ...STAND_INS, ...scope }, given),
  );
  return {
    baseURL,
    headers: { ...headers, [STAND_IN_PROVIDER_HEADER]: adapter.provider },
    ...(pathOf !== undefined && { pathOf }),
    ...(settings !== undefined && { settings }),
  };
}

function connect(adapter: ProviderAdapter, options: Options): ProviderConnection {
  try {
    return adapter.connect(options, {});
  } catch (error) {
    if (!(error instanceof LlmError) || error.code !== 'missing_base_url') throw error;
    const host = adapter.provider.replaceAll('_', '-');
    return adapter.connect({ ...options, baseURL: `https://${host}.invalid` }, {});
  }
}
