import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';

/** Bytes of a stream of server-sent events to their parsed data: what a user of bare undici writes. */
export class JsonEvents {
  decoder = new StringDecoder('utf8');

  constructor(onChunk) {
    this.parser = createParser({
      onEvent({ data }) {
        // The last event of OpenAI's streams; others send none like it.
        if (data !== '[DONE]') onChunk(JSON.parse(data));
      },
    });
  }

  feed(bytes) {
    this.parser.feed(this.decoder.write(bytes));
  }
}
