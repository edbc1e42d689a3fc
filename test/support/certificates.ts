import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './daemons.js';

/** A certificate with its key, as files and as their text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority that the tests make, and that nobody knows. */
export class Authority implements Certificate {
  readonly certFile: string;
  readonly keyFile: string;

  constructor(
    private readonly directory: string,
    private readonly name: string,
  ) {
    [this.certFile, this.keyFile] = [this.file(`${name}.pem`), this.file(`${name}.key`)];
    newKey(this.keyFile);
    const subject = ['-key', this.keyFile, '-subj', `/CN=${name}`, '-days', '2'];
    run('openssl', ['req', '-x509', '-new', ...subject, '-out', this.certFile]);
  }

  get cert(): string {
    return readFileSync(this.certFile, 'utf8');
  }

  get key(): string {
    return readFileSync(this.keyFile, 'utf8');
  }

  /** @param names of the subject alternative names, such as `DNS:localhost` */
  issue(name: string, names = 'DNS:localhost,IP:127.0.0.1', days = '2'): Certificate {
    const [certFile, keyFile] = [this.file(`${name}.pem`), this.file(`${name}.key`)];
    const [request, extensions] = [this.file(`${name}.csr`), this.file(`${name}.ext`)];
    newKey(keyFile);
    run('openssl', ['req', '-new', '-key', keyFile, '-subj', `/CN=${name}`, '-out', request]);
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    const issuer = ['-CA', this.certFile, '-CAkey', this.keyFile, '-CAcreateserial'];
    const from = ['x509', '-req', '-in', request, ...issuer, '-days', days, '-extfile', extensions];
    run('openssl', [...from, '-out', certFile]);
    return {
      certFile,
      keyFile,
      cert: readFileSync(certFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
    };
  }

  /** Certificate and key in one PKCS#12 archive. */
  archive({ certFile, keyFile }: Certificate, passphrase: string): string {
    const out = certFile.replace(/\.pem$/, '.p12');
    const content = ['-in', certFile, '-inkey', keyFile, '-passout', `pass:${passphrase}`];
    run('openssl', ['pkcs12', '-export', ...content, '-out', out]);
    return out;
  }

  /** The key again, encrypted. */
  encrypt({ keyFile }: Certificate, passphrase: string): string {
    const out = `${keyFile}.enc`;
    run('openssl', ['pkcs8', '-topk8', '-in', keyFile, '-passout', `pass:${passphrase}`, '-out', out]);
    return out;
  }

  private file(name: string): string {
    return join(this.directory, `${this.name}-${name}`);
  }
}

function newKey(file: string): void {
  run('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file]);
  // squid reads it after it has given up root.
  chmodSync(file, 0o644);
}
