import { readEvents } from './event-stream.js';

/** What the server, or the provider behind it, said went wrong. */
export class ChatError extends Error {
  /** @param {{ message: string, code?: string, phase?: string, status?: number, retryAfter?: number }} detail */
  constructor({ message, ...detail }) {
    super(message);
    Object.assign(this, detail);
  }
}

/**
 * Sends a conversation and yields the events of its answer, up to `done`.
 *
 * @param {{ role: string, content: string }[]} messages
 * @param {string} model
 * @param {AbortSignal} signal closes the connection, which stops the model
 * @throws {ChatError}
 */
export async function* streamAnswer(messages, model, signal) {
  const response = await fetch('/chat/stream', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages, model: model || undefined }),
    signal,
  }).catch((error) => {
    throw signal.aborted ? error : new ChatError({ message: String(error.message), code: 'no_server' });
  });
  if (!response.ok) throw await readError(response);
  let ended = false;
  try {
    for await (const event of readEvents(response)) {
      if (event.type === 'error') throw new ChatError(event.data.error);
      ended ||= event.type === 'done';
      yield event;
    }
  } catch (error) {
    if (signal.aborted || error instanceof ChatError) throw error;
    throw new ChatError({ message: String(error.message), code: 'connection_lost' });
  }
  if (!ended) throw new ChatError({ message: 'The stream ended early', code: 'connection_lost' });
}

async function readError(response) {
  const body = await response.json().catch(() => ({}));
  const message = body.error?.message ?? body.message ?? `The server answered ${response.status}`;
  return new ChatError({
    message: Array.isArray(message) ? message.join('; ') : message,
    code: body.error?.code,
    status: response.status,
    retryAfter: Number(response.headers.get('retry-after')) || undefined,
  });
}
