import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { readOpenAIError } from '../openai/openai.errors.js';

/** Reads Mistral's error document: OpenAI's without the envelope, its message with FastAPI's list of problems in it. */
export function readMistralError(body: unknown, status: number): ProviderErrorDetail | undefined {
  const { message, ...rest } = (body ?? {}) as { message?: unknown };
  const detail = typeof message === 'object' && message !== null ? { ...rest, ...message } : body;
  return readOpenAIError(detail, status);
}
