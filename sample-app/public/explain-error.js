const BY_CODE = {
  no_server: {
    title: 'The sample app does not answer',
    advice: 'Check that it still runs (npm start), then try again.',
  },
  connection_lost: {
    title: 'The connection to the sample app broke',
    advice: 'It may have been restarted. What had arrived is kept; try again.',
  },
  missing_api_key: {
    title: 'There is no key for this provider',
    advice:
      'Set the environment variable that is named below and start the sample again, or choose another model.',
  },
  stream_interrupted: {
    title: 'The answer broke off',
    advice: 'The provider stopped in the middle. What had arrived is kept; try again.',
  },
  connection_error: {
    title: 'The provider cannot be reached',
    advice: 'Check that its server runs and that this machine gets to it, then try again.',
  },
  timeout: {
    title: 'The provider took too long',
    advice: 'Try again, or choose a smaller model.',
  },
  session_closed: { title: 'The sample app is shutting down', advice: 'Try again when it runs again.' },
};

/**
 * Says what a user of the page can do about an error; its own message, which follows it, says what happened.
 *
 * @param {{ code?: string, status?: number, retryAfter?: number }} error
 * @returns {{ title: string, advice: string }}
 */
export function explainError({ code, status, retryAfter }) {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (status === 401 || status === 403) {
    return {
      title: 'The provider refused the key',
      advice: 'Check the key in the environment of the sample and start it again.',
    };
  }
  if (status === 404) {
    return {
      title: 'The provider does not have this model',
      advice: 'Choose another model, or set LLM_MODEL to one that it has.',
    };
  }
  if (status === 413) {
    return { title: 'The conversation is too long', advice: 'Start a new chat.' };
  }
  if (status === 429) {
    return {
      title: 'The provider asks to slow down',
      advice: retryAfter ? `Try again in ${retryAfter} seconds.` : 'Wait a little, then try again.',
    };
  }
  if (status >= 400 && status < 500) {
    return { title: 'The request was refused', advice: 'Change it as the message below says.' };
  }
  return { title: 'The provider failed', advice: 'Try again in a moment, or choose another model.' };
}
