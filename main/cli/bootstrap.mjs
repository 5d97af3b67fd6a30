// First thing that `npm start`, `npm test`, `npm run check`, `npm run build` and `npm run bench` do: bring what is missing, then hand over.
// Runs on any Node ≥ 20 with nothing installed, hence plain JavaScript without dependencies.
import { spawn, spawnSync } from 'node:child_process';
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
const commands = {
  start: async () => (await build('start', ...args)) || runTypeScript('main/cli/main.ts', ['up', ...args]),
  build: () => build('everything', ...args),
  check: async () => (await build('check')) || runTypeScript('test/check.ts', args),
  test: () => runTypeScript('test/run.ts', args),
  package: async () =>
    (await build('everything')) || (await runTypeScript('main/app/build.ts', [])) || (await runTypeScript('images/bundle.ts', [])) || runTypeScript('node_modules/electron-builder/cli.js', args),
  bench: async () => (await build('bench')) || runTypeScript('test/bench/run.ts', args),
};
const run = commands[command] ?? fail(`unknown command "${command}"`, 'use start, test, check, build, package or bench');
process.exitCode = await run();

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

/** Resolves with the exit code; signals go on to the child, which decides. */
function runTypeScript(file, parameters) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', file, ...parameters], { stdio: 'inherit' });
  // Ctrl-C reaches the child through the terminal's process group; a TERM sent to us alone must be passed on.
  const ignore = () => {};
  const forward = (signal) => child.kill(signal);
  // Without a terminal nobody else passes an interrupt on.
  const interrupt = process.stdin.isTTY ? ignore : forward;
  process.on('SIGINT', interrupt).on('SIGTERM', forward).on('SIGHUP', forward);
  return new Promise((resolve) => {
    child.on('error', (error) => fail(`cannot run ${node}: ${error.message}`, 'delete node_modules and try again'));
    child.on('exit', (code) => {
      process.off('SIGINT', interrupt).off('SIGTERM', forward).off('SIGHUP', forward);
      resolve(code ?? 1);
    });
  });
}

function fail(what, todo) {
  console.error(`coracle: ${what}; ${todo}`);
  process.exit(1);
}
