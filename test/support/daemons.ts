import { afterAll, describe, it } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Real servers that the tests start, with the Debian package that each comes from. */
const PACKAGES = {
  openssl: 'openssl',
  tinyproxy: 'tinyproxy-bin',
  squid: 'squid-openssl',
  danted: 'dante-server',
  microsocks: 'microsocks',
  nginx: 'nginx-light',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  'valkey-server': 'valkey-server',
} as const;

export type Program = keyof typeof PACKAGES;

/** Debian keeps servers where an ordinary user's PATH does not look. */
const PATH = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];

function find(program: Program): string | undefined {
  for (const directory of PATH) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** Whether a program is here that not every Debian has. */
export function isInstalled(program: Program): boolean {
  return find(program) !== undefined;
}

/**
 * `describe` for tests that need these programs. Where one is missing, the block is one skipped test that names its Debian
 * package, and in CI one that fails.
 */
export function describeWith(programs: readonly Program[], name: string, block: () => void): void {
  const missing = programs.filter((program) => find(program) === undefined);
  if (missing.length === 0) return describe(name, block);
  const what = `needs ${missing.map((program) => `${program} (Debian: ${PACKAGES[program]})`).join(', ')}`;
  describe(name, () => {
    if (process.env['CI'] === 'true') {
      it(what, () => {
        throw new Error(what);
      });
    } else {
      it.skip(what, () => {});
    }
  });
}

const started = new Set<ChildProcess>();

// A test run that is broken off must not leave servers behind.
process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')));

/** A directory of the spec file. After its tests it is gone, and so are the servers that were started in it. */
export function temporaryDirectory(): string {
  // squid and dante give up root and have to reach their files still.
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-llm-'));
  execFileSync('chmod', ['0777', directory]);
  afterAll(async () => {
    await Promise.all([...started].map(end));
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

export function run(program: Program, args: readonly string[]): void {
  execFileSync(find(program)!, args, { stdio: 'pipe' });
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Daemon {
  readonly port: number;
  /** What its log file says so far. */
  log(): string;
  /** Resolves when the log file says it; a log comes late, and nothing else tells. */
  logged(what: string | RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

interface DaemonOptions {
  readonly program: Program;
  readonly port: number;
  readonly directory: string;
  /** Of the configuration file, and of what is logged. */
  readonly name: string;
  readonly config?: string;
  args(configFile: string): readonly string[];
}

async function end(child: ChildProcess): Promise<void> {
  started.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  // dante's children end with it when it is asked to, and not when it is killed.
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 1000);
  await once(child, 'exit');
  clearTimeout(force);
}

/** Milliseconds for a server to accept connections; squid takes one second. */
const START_MS = 15_000;

/** Starts a server and resolves when it accepts connections. */
async function start(options: DaemonOptions): Promise<Daemon> {
  const { program, port, directory, name } = options;
  const configFile = join(directory, `${name}.conf`);
  const logFile = join(directory, `${name}.log`);
  if (options.config !== undefined) writeFileSync(configFile, options.config);
  const child = spawn(find(program)!, options.args(configFile), { stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const log = () => {
    try {
      return output + readFileSync(logFile, 'utf8');
    } catch {
      return output;
    }
  };
  const deadline = performance.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`${program} did not start: ${log()}`);
    }
    await sleep(20);
  }
  return {
    port,
    log,
    async logged(what) {
      const says = () => (typeof what === 'string' ? log().includes(what) : what.test(log()));
      while (!says()) await sleep(20);
    },
    signal: (signal) => void child.kill(signal),
    stop: () => end(child),
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** An HTTP proxy. Its log has a line for each request, with the method and the target. */
export async function startTinyproxy(directory: string, credentials?: Credentials): Promise<Daemon> {
  const port = await freePort();
  const name = `tinyproxy-${port}`;
  return start({
    program: 'tinyproxy',
    port,
    directory,
    name,
    config: [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      'MaxClients 500',
      'Allow 127.0.0.1',
      `LogFile "${join(directory, `${name}.log`)}"`,
      'LogLevel Connect',
      ...(credentials ? [`BasicAuth ${credentials.user} ${credentials.password}`] : []),
      '',
    ].join('\n'),
    args: (config) => ['-d', '-c', config],
  });
}

/** A proxy that is reached over TLS. */
export async function startSquid(
  directory: string,
  tls: { certFile: string; keyFile: string },
): Promise<Daemon> {
  const port = await freePort();
  const name = `squid-${port}`;
  return start({
    program: 'squid',
    port,
    directory,
    name,
    config: [
      `https_port 127.0.0.1:${port} tls-cert=${tls.certFile} tls-key=${tls.keyFile}`,
      'http_access allow all',
      'cache deny all',
      `access_log stdio:${join(directory, `${name}.log`)}`,
      `cache_log ${join(directory, `${name}.cache.log`)}`,
      `pid_filename none`,
      `coredump_dir ${directory}`,
      'shutdown_lifetime 0 seconds',
      'netdb_filename none',
      'pinger_enable off',
      'logfile_rotate 0',
      '',
    ].join('\n'),
    args: (config) => ['-N', '-f', config],
  });
}

/** A SOCKS5 proxy without credentials. */
export async function startDante(directory: string): Promise<Daemon> {
  const port = await freePort();
  const name = `danted-${port}`;
  return start({
    program: 'danted',
    port,
    directory,
    name,
    config: [
      `logoutput: ${join(directory, `${name}.log`)}`,
      `internal: 127.0.0.1 port = ${port}`,
      'external: 127.0.0.1',
      'clientmethod: none',
      'socksmethod: none',
      'user.unprivileged: nobody',
      'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
      'socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect }',
      '',
    ].join('\n'),
    args: (config) => ['-N', '1', '-p', join(directory, `${name}.pid`), '-f', config],
  });
}

/** A SOCKS5 proxy that wants credentials. */
export async function startMicrosocks(directory: string, credentials: Credentials): Promise<Daemon> {
  const port = await freePort();
  const { user, password } = credentials;
  return start({
    program: 'microsocks',
    port,
    directory,
    name: `microsocks-${port}`,
    args: () => ['-i', '127.0.0.1', '-p', String(port), '-u', user, '-P', password],
  });
}

/** A server of TLS in front of a plain one. `extra` goes into its `server` block. */
export async function startNginx(
  directory: string,
  upstreamPort: number,
  tls: { certFile: string; keyFile: string },
  extra: readonly string[] = [],
  listen = 'ssl',
): Promise<Daemon> {
  const port = await freePort();
  const name = `nginx-${port}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(directory, `${name}-${kind}`)};`,
  );
  return start({
    program: 'nginx',
    port,
    directory,
    name,
    config: [
      'daemon off;',
      'master_process off;',
      `pid ${join(directory, `${name}.pid`)};`,
      `error_log ${join(directory, `${name}.log`)} warn;`,
      'events { worker_connections 4096; }',
      'http {',
      '  access_log off;',
      ...temporary,
      '  server {',
      `    listen 127.0.0.1:${port} ${listen};`,
      ...(extra.some((line) => line.startsWith('ssl_protocols'))
        ? []
        : ['    ssl_protocols TLSv1.2 TLSv1.3;']),
      `    ssl_certificate ${tls.certFile};`,
      `    ssl_certificate_key ${tls.keyFile};`,
      '    client_max_body_size 0;',
      '    keepalive_timeout 60s;',
      ...extra,
      '    location / {',
      `      proxy_pass http://127.0.0.1:${upstreamPort};`,
      '      proxy_http_version 1.1;',
      '      proxy_set_header Connection "";',
      '      proxy_buffering off;',
      '      proxy_read_timeout 600s;',
      '      add_header x-tls-protocol $ssl_protocol always;',
      '      add_header x-client-name $ssl_client_s_dn always;',
      '      add_header x-http-version $server_protocol always;',
      '      add_header x-sni $ssl_server_name always;',
      '    }',
      '  }',
      '}',
      '',
    ].join('\n'),
    args: (config) => ['-e', join(directory, `${name}.log`), '-c', config, '-p', directory],
  });
}

/**
 * A server that ends the handshake with an alert when the client has no certificate of `caFile`. It speaks TLS 1.2: in 1.3
 * the handshake is over for the client before the server has looked.
 */
export async function startStrictServer(
  directory: string,
  tls: { certFile: string; keyFile: string },
  caFile: string,
): Promise<Daemon> {
  const port = await freePort();
  const material = ['-cert', tls.certFile, '-key', tls.keyFile, '-CAfile', caFile];
  return start({
    program: 'openssl',
    port,
    directory,
    name: `openssl-${port}`,
    args: () => [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      ...material,
      '-Verify',
      '1',
      '-verify_return_error',
      '-tls1_2',
      '-www',
    ],
  });
}

/** A server of Redis or Valkey that keeps nothing. */
export function startRedis(
  program: 'redis-server' | 'valkey-server',
  directory: string,
  port: number,
  more: readonly string[] = [],
): Promise<Daemon> {
  return start({
    program,
    port,
    directory,
    name: `${program}-${port}`,
    args: () => [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'no',
      ...more,
    ],
  });
}
