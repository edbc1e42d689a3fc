// Says which licences the packages that an application gets with this one have, and fails for one that is not permissive.
import { existsSync, readFileSync } from 'node:fs';

const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
]);

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

/** Of `A OR B` one has to do, of `A AND B` all. */
function isPermissive(licence) {
  return licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.has(one.trim())));
}

const shipped = Object.entries(packages).filter(([path, { dev, peer }]) => path !== '' && !dev && !peer);
const refused = [];
for (const [path, { version }] of shipped) {
  const manifest = `${path}/package.json`;
  if (!existsSync(manifest)) {
    refused.push(`${path}: not installed`);
    continue;
  }
  const { license } = JSON.parse(readFileSync(manifest, 'utf8'));
  const licence = typeof license === 'string' ? license : 'none';
  console.log(`${path.replace(/^.*node_modules\//, '')} ${version}: ${licence}`);
  if (!isPermissive(licence)) refused.push(`${path}: ${licence}`);
}
if (shipped.length === 0) refused.push('no package found in package-lock.json');
if (refused.length > 0) {
  console.error(`Not permissive, or unknown:\n${refused.join('\n')}`);
  process.exitCode = 1;
}
