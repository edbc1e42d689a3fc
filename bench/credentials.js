/** Made up: the upstream answers whoever asks. */

export const API_KEY = 'sk-0123456789abcdef0123456789abcdef';

export const AWS_REGION = 'us-east-1';
export const AWS_CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
