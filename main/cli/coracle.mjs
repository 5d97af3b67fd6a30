#!/usr/bin/env node
// The `coracle` command: finds the pinned Node and hands over to main.ts. Plain JavaScript, so that any Node can start it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findNode } from './find-node.mjs';

const node = findNode();
if (node === undefined) {
  console.error('coracle: Node 24 is not installed here; run `npm ci` in the project folder first');
  process.exit(1);
}
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../../.cache/compile', import.meta.url)) },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`coracle: cannot run ${node}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
