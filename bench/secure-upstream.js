/**
 * The provider over TLS, for HTTP/1.1 and HTTP/2: Node's own server with the rows' bytes, in a process of its own. It tells
 * its port to the process that forked it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowOf } from './rows.js';

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-llm-bench-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  );
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Pieces one by one at their pace, or all at once. */
function answer(response, { type, pieces, everyMs }) {
  const length = pieces.length === 1 ? { 'content-length': pieces[0].length } : {};
  response.writeHead(200, { 'content-type': type, ...length });
  if (everyMs === undefined) {
    for (const piece of pieces) response.write(piece);
    response.end();
    return;
  }
  let next = 0;
  const timer = setInterval(() => {
    response.write(pieces[next++]);
    if (next < pieces.length) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
}

const { key, cert } = certificate();
const server = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
  const row = rowOf(request.url.split('/')[1]);
  request.resume();
  request.on('end', () => answer(response, row.reply));
});

server.listen(0, '127.0.0.1', 8192, () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
