export { sessionFetch, type SessionFetchOptions } from './session-fetch.js';
