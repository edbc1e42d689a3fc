import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../provider-adapter.interface.js';

/** The settings of one profile, by their names in the files. */
export type Profile = Readonly<Record<string, string>>;

/** Where AWS's profiles are, the credentials file first: what it says wins. */
export function profilePaths(env: Environment): readonly [credentials: string, config: string] {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  return [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials'),
    env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config'),
  ];
}

/**
 * Reads a profile out of AWS's two shared files. Files that are not there count as empty.
 *
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html}
 * @returns `undefined` when neither file has the profile
 */
export function readProfile(name: string, env: Environment): Profile | undefined {
  const [credentials, config] = profilePaths(env);
  const fromConfig = readSections(config);
  const inConfig =
    fromConfig.get(`profile ${name}`) ?? (name === 'default' ? fromConfig.get(name) : undefined);
  const inCredentials = readSections(credentials).get(name);
  return inConfig === undefined && inCredentials === undefined
    ? undefined
    : { ...inConfig, ...inCredentials };
}

function readSections(path: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return sections;
  }
  let section: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, header] = /^\s*\[([^\]]+)\]/.exec(line) ?? [];
    if (header !== undefined) {
      const name = header.trim().replace(/\s+/g, ' ');
      section = sections.get(name) ?? {};
      sections.set(name, section);
      continue;
    }
    // An indented line is a setting of the setting above it, such as one of `s3 =`; a comment begins its line.
    const equals = line.indexOf('=');
    if (equals < 1 || /^[\s#;]/.test(line) || section === undefined) continue;
    section[line.slice(0, equals).trimEnd().toLowerCase()] = line.slice(equals + 1).trim();
  }
  return sections;
}
