import { createHttpSession, LlmHandler, LlmService } from '../../lib/index.js';
import type { HttpSession, HttpSessionOptions, LlmOptions, ProviderOptions } from '../../lib/index.js';
import { TEST_KEY } from './llm.js';

/** A service over a session of these options. */
export interface SessionLlm {
  readonly llm: LlmService;
  readonly handler: LlmHandler;
  readonly session: HttpSession;
  close(): Promise<void>;
}

const open = new Set<SessionLlm>();

/** Calls `baseURL` as `openai`, without retries, unless `provider` says otherwise. Not through proxies of this machine. */
export async function openLlm(
  http: HttpSessionOptions,
  baseURL: string,
  provider: ProviderOptions = {},
  options: LlmOptions = {},
): Promise<SessionLlm> {
  const session = await createHttpSession({ proxy: false, ...http });
  const handler = new LlmHandler({ session });
  const llm = new LlmService(handler, {
    ...options,
    providers: {
      openai: { apiKey: TEST_KEY, baseURL, retry: { maxRetries: 0 }, ...provider },
      ...options.providers,
    },
  });
  const opened: SessionLlm = {
    llm,
    handler,
    session,
    async close() {
      open.delete(opened);
      await handler.close(0);
      await session.destroy();
    },
  };
  open.add(opened);
  return opened;
}

/** For `afterEach`: closes what the test opened. */
export async function closeLlms(): Promise<void> {
  await Promise.all([...open].map((opened) => opened.close()));
}
