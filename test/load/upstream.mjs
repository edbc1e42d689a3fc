// A provider in a process of its own: streams of OpenAI's shape, a share of which breaks in every way.
import { createServer } from 'node:net';

const FAULTS = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  () => {},
  (socket) => socket.write('HTTP/1.1 2'),
  (socket) => socket.write(head('content-length: 10')),
  (socket) => socket.write(head('transfer-encoding: chunked')),
  (socket) =>
    socket.write(head('transfer-encoding: chunked') + chunk(event('half')), () => socket.resetAndDestroy()),
  (socket) => socket.end(head('transfer-encoding: chunked') + chunk(event('half'))),
  (socket) => socket.write(head('transfer-encoding: chunked') + chunk(event('stalled'))),
  (socket) => socket.write(head('transfer-encoding: chunked') + chunk(event('short')) + chunk('')),
  (socket) =>
    socket.write(head('transfer-encoding: chunked') + chunk('data: {"error":{"message":"no"}}\n\n')),
  (socket) => socket.write(head('transfer-encoding: chunked') + chunk('data: {broken\n\n')),
  (socket) => socket.write('HTTP/1.1 503 X\r\nretry-after-ms: 5\r\ncontent-length: 0\r\n\r\n'),
  (socket) => socket.write('HTTP/1.1 500 X\r\ncontent-length: 100\r\n\r\n'),
  (socket) => socket.write('HTTP/1.1 429 X\r\nretry-after: 600\r\ncontent-length: 2\r\n\r\n{}'),
];

const EVENTS = 20;
/** As fast as a brisk model: the client shall be loaded, and not be what is measured. */
const EVERY_MS = 100;

function head(framing) {
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${framing}\r\n\r\n`;
}

function chunk(text) {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function event(content, finishReason = null) {
  const choices = [{ index: 0, delta: { content }, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
}

const PIECE = chunk(event('word '));
const TAIL = chunk(event('', 'stop')) + chunk('data: [DONE]\n\n') + chunk('');

function stream(socket) {
  socket.write(head('transfer-encoding: chunked'));
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    if (sent++ < EVENTS) return socket.write(PIECE);
    clearInterval(timer);
    socket.write(TAIL);
  }, EVERY_MS);
  socket.once('close', () => clearInterval(timer));
}

let requests = 0;
let open = 0;

const server = createServer((socket) => {
  open++;
  socket.setNoDelay(true);
  socket.on('close', () => open--).on('error', () => {});
  let received = '';
  socket.on('data', (data) => {
    received += data.toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
    if (end === -1 || received.length < end + 4 + length) return;
    const faulty = received.includes('"user":"fault');
    received = '';
    requests++;
    if (faulty) FAULTS[requests % FAULTS.length](socket);
    else stream(socket);
  });
});

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => process.send({ requests, open }));
process.on('disconnect', () => process.exit());
