// First thing that `npm start`, `npm test`, `npm run check`, `npm run build` and `npm run bench` do: bring what is missing, then hand over.
// Runs on any Node ≥ 20 with nothing installed, hence plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode } from './find-node.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [command = 'start', ...args] = process.argv.slice(2);

process.chdir(root);
installNodeModules();
const node = findNode() ?? fail('no Node 24 for this platform', 'install Node 24 yourself and run the command with it');
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compile');
process.env.PATH = `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;

const build = (...parts) => runTypeScript('main/cli/build.ts', parts);
switch (command) {
  case 'start':
    build('start', ...args);
    process.exit(runTypeScript('main/cli/main.ts', ['up', ...args], { allowFailure: true }));
    break;
  case 'build':
    build('everything', ...args);
    break;
  case 'check':
    build('check');
    process.exit(runTypeScript('test/check.ts', args, { allowFailure: true }));
    break;
  case 'test':
    process.exit(runTypeScript('test/run.ts', args, { allowFailure: true }));
    break;
  case 'bench':
    build('check');
    process.exit(runTypeScript('test/bench/run.ts', args, { allowFailure: true }));
    break;
  default:
    fail(`unknown command "${command}"`, 'use start, test, check, build or bench');
}

/** Runs `npm ci` when node_modules does not belong to the lock file. */
function installNodeModules() {
  const stamp = join(root, 'node_modules', '.coracle-lock');
  const digest = createHash('sha256').update(readFileSync('package-lock.json')).update(process.platform + process.arch).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  console.error('▸ Installing node modules (first run, or the lock file changed)');
  const started = Date.now();
  const npm = spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) fail('npm ci failed', 'read its output above; behind a proxy set npm_config_proxy');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  console.error(`  node modules ready in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function runTypeScript(file, parameters, { allowFailure = false } = {}) {
  const forwarded = () => {};
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, forwarded); // The child decides; it shares our terminal.
  const child = spawnSync(node, ['--disable-warning=ExperimentalWarning', file, ...parameters], { stdio: 'inherit' });
  if (child.error) fail(`cannot run ${node}: ${child.error.message}`, 'delete node_modules and try again');
  const code = child.status ?? 1;
  if (code !== 0 && !allowFailure) process.exit(code);
  return code;
}

function fail(what, todo) {
  console.error(`coracle: ${what}; ${todo}`);
  process.exit(1);
}
