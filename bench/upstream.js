/**
 * The provider: a raw socket server that answers with bytes made beforehand, so that the contender is what takes the
 * time. Runs in a process of its own; tells its port to the process that forked it.
 */
import { createServer } from 'node:net';
import { rows } from './rows.js';

const CRLF = Buffer.from('\r\n');
const LAST = Buffer.from('0\r\n\r\n');

function head(type, length) {
  return Buffer.from(
    [
      'HTTP/1.1 200 OK',
      `content-type: ${type}`,
      'date: Sun, 22 Nov 2026 10:00:00 GMT',
      'x-request-id: req_0123456789abcdef0123456789abcdef',
      'openai-processing-ms: 312',
      'x-ratelimit-limit-requests: 10000',
      'x-ratelimit-remaining-requests: 9999',
      'x-ratelimit-limit-tokens: 200000',
      'x-ratelimit-remaining-tokens: 199160',
      length === undefined ? 'transfer-encoding: chunked' : `content-length: ${length}`,
      'connection: keep-alive',
      '',
      '',
    ].join('\r\n'),
  );
}

const framed = (piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]);

/** Streams that get a piece at each tick of their pace. */
const paced = new Map();

function pace(everyMs, socket, pieces) {
  let streams = paced.get(everyMs);
  if (streams === undefined) {
    streams = new Set();
    paced.set(everyMs, streams);
    setInterval(() => {
      for (const one of streams) {
        if (!one.socket.destroyed) one.socket.write(one.pieces[one.next++]);
        if (one.socket.destroyed || one.next === one.pieces.length) streams.delete(one);
      }
    }, everyMs);
  }
  streams.add({ socket, pieces, next: 0 });
}

function answerOf({ type, pieces, everyMs, hold }) {
  if (pieces.length === 1) {
    const whole = Buffer.concat([head(type, pieces[0].length), pieces[0]]);
    return (socket) => socket.write(whole);
  }
  const begin = head(type);
  const parts = pieces.map(framed);
  if (hold) {
    const start = Buffer.concat([begin, ...parts.slice(0, 2)]);
    return (socket) => socket.write(start);
  }
  parts[parts.length - 1] = Buffer.concat([parts.at(-1), LAST]);
  if (everyMs === undefined) {
    const whole = Buffer.concat([begin, ...parts]);
    return (socket) => socket.write(whole);
  }
  const start = Buffer.concat([begin, ...parts.slice(0, 2)]);
  const rest = parts.slice(2);
  return (socket) => {
    socket.write(start);
    pace(everyMs, socket, rest);
  };
}

const answers = new Map();

/** @returns what answers a row's request; made at its first one, which is never a measured one */
function answerFor(id) {
  if (!answers.has(id)) {
    const row = rows.find((candidate) => candidate.id === id);
    answers.set(id, row && answerOf(row.reply));
  }
  return answers.get(id);
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;

const server = createServer({ noDelay: true }, (socket) => {
  let rest = null;
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (rest !== null) data = Buffer.concat([rest, data]);
    rest = null;
    while (data.length > 0) {
      const end = data.indexOf('\r\n\r\n');
      const text = end === -1 ? '' : data.latin1Slice(0, end);
      const total = end + 4 + Number(LENGTH.exec(text)?.[1] ?? 0);
      if (end === -1 || data.length < total) {
        rest = data;
        return;
      }
      const path = text.slice(text.indexOf('/') + 1, text.indexOf(' HTTP/'));
      const answer = answerFor(path.slice(0, path.indexOf('/')));
      if (answer === undefined) socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      else answer(socket);
      data = data.subarray(total);
    }
  });
});

server.listen(0, '127.0.0.1', 8192, () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
