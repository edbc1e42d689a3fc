const SETTLED = Promise.resolve();

/**
 * A promise that rejects with `error`, whose stack then has the frames of those who await it. An error that is made in
 * the callback of a socket or a timer has none of them; V8 finds them by the chain of `await` when it captures a stack
 * inside of it. A call that succeeds pays nothing for it.
 *
 * @see {@link https://v8.dev/docs/stack-trace-api#async-stack-traces}
 */
export async function rejection(error: Error): Promise<never> {
  // By the second turn a promise that was resolved with this one has subscribed to it.
  await SETTLED;
  await SETTLED;
  Error.captureStackTrace(error);
  throw error;
}
