/** Bare undici, each way, with no error handling beyond what makes a wrong answer fail. */
import { formats, operations } from '../formats/index.js';

function target({ row, origin }) {
  const headers = formats[row.provider].headersOf(row);
  return { origin, path: `/${row.id}${row.prefix}${row.path}`, method: 'POST', headers };
}

function sender({ agent, row, ...context }) {
  const { bodyOf } = formats[row.provider];
  const options = target({ row, ...context });
  return (onData, onEnd, reject) =>
    agent.dispatch(
      { ...options, body: bodyOf(row) },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          onData(chunk);
        },
        onResponseEnd: onEnd,
        onResponseError: (_controller, error) => reject(error),
      },
    );
}

export const emptyDispatch = {
  async open(context) {
    const send = sender(context);
    const run = () =>
      new Promise((resolve, reject) => {
        let bytes = 0;
        send(
          (part) => (bytes += part.length),
          () => resolve({ bytes }),
          reject,
        );
      });
    return { chat: run, embedding: run, stream: run, tools: run };
  },
};

export const dispatch = {
  async open(context) {
    const send = sender(context);
    const format = formats[context.row.provider];
    return operations(format, {
      document: () =>
        new Promise((resolve, reject) => {
          const parts = [];
          const parse = () => JSON.parse((parts.length === 1 ? parts[0] : Buffer.concat(parts)).utf8Slice());
          send(
            (part) => parts.push(part),
            () => resolve(parse()),
            reject,
          );
        }),
      stream: (onFirst) =>
        new Promise((resolve, reject) => {
          const reading = new format.Reading(onFirst);
          const parser = new format.ChunkParser((chunk) => reading.add(chunk));
          send(
            (part) => parser.feed(part),
            () => resolve(reading.outcome()),
            reject,
          );
        }),
    });
  },
};

async function readAll(body, format, onFirst) {
  const reading = new format.Reading(onFirst);
  const parser = new format.ChunkParser((chunk) => reading.add(chunk));
  for await (const part of body) parser.feed(part);
  return reading.outcome();
}

export const request = {
  async open(context) {
    const { undici, agent, row, origin } = context;
    const { path, method, headers } = target(context);
    const format = formats[row.provider];
    const send = () =>
      undici.request(origin + path, { method, headers, body: format.bodyOf(row), dispatcher: agent });
    return operations(format, {
      document: async () => (await send()).body.json(),
      stream: async (onFirst) => readAll((await send()).body, format, onFirst),
    });
  },
};

export const fetch = {
  async open(context) {
    const { undici, agent, row, origin } = context;
    const { path, method, headers } = target(context);
    const format = formats[row.provider];
    const send = () =>
      undici.fetch(origin + path, { method, headers, body: format.bodyOf(row), dispatcher: agent });
    return operations(format, {
      document: async () => (await send()).json(),
      stream: async (onFirst) => readAll((await send()).body, format, onFirst),
    });
  },
};
