export { FakeHttpSession } from './fake-http-session.js';
export { FakeRule, type FakeMatch } from './fake-rule.js';
export type { FakeOperation, FakeRequest, WireName } from './fake-request.interface.js';
export type * from './fake-answer.interface.js';
export { LlmTestingModule, type LlmTestingOptions } from './llm-testing.module.js';
export { UnexpectedRequestError } from './unexpected-request.error.js';
export { recordingSession } from './tape/recording-session.js';
export { replaySession, type ReplayOptions } from './tape/replay-session.js';
