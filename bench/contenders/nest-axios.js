import { Agent } from 'node:http';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { formats, operations } from '../formats/index.js';

/** @param {import('./index.js').Context} context */
export async function open({ row, baseURL }) {
  const http = new HttpService(axios.create({ httpAgent: new Agent({ keepAlive: true }) }));
  const url = baseURL + row.path;
  const format = formats[row.provider];
  const headers = format.headersOf(row);
  const post = async (responseType) =>
    (
      await firstValueFrom(
        http.post(url, format.bodyOf(row), { headers, responseType, maxContentLength: -1 }),
      )
    ).data;
  return operations(format, {
    document: () => post('json'),
    async stream(onFirst) {
      const reading = new format.Reading(onFirst);
      const parser = new format.ChunkParser((chunk) => reading.add(chunk));
      for await (const part of await post('stream')) parser.feed(part);
      return reading.outcome();
    },
  });
}
