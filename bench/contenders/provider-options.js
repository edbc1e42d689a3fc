import { API_KEY, AWS_CREDENTIALS, AWS_REGION } from '../credentials.js';

/** The module's `providers` for the provider of a row, which is at the upstream. */
export function providerOptions(row, baseURL) {
  const credentials =
    row.provider === 'bedrock' ? { region: AWS_REGION, ...AWS_CREDENTIALS } : { apiKey: API_KEY };
  return { [row.provider]: { ...credentials, baseURL } };
}
