/**
 * Images and documents by URL, for providers that take bytes only (Bedrock, Claude on Vertex AI, Ollama): whether they
 * are fetched for them, over the session of the call.
 *
 * @publicApi
 */
export interface MediaOptions {
  /**
   * The hosts that may be fetched from. `true`: any on the public internet. A list: `images.example.com`, with or
   * without a port, or with all hosts below one, `*.example.com`. Addresses of private networks, of this machine and of
   * the cloud's metadata are refused, whatever name leads to them, but for a host that is listed in full.
   */
  fetch: true | readonly string[];
  /** The largest image or document, in bytes. Default 20 MiB. */
  maxBytes?: number;
}
