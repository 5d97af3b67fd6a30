import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { freePort } from '../../main/cluster/free-port.ts';
import { lockHolder } from '../../main/cluster/process-lock.ts';

const main = fileURLToPath(new URL('../../main/cli/main.ts', import.meta.url));

/** Regression: `up` had closed its connection to the daemon when it began to wait, so that an interrupt was never passed on. */
it('an interrupt stops a cluster that runs in the foreground, daemon and all', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'coracle-foreground-'));
  const up = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'up', '--workers', '0', '--no-ui', '--data-dir', directory, '--api-port', String(await freePort(46_700))], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      up.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()).includes('Ctrl-C stops') && resolve());
      up.once('exit', (code) => reject(new Error(`up ended with code ${code}: ${printed}`)));
    });
    const exited = once(up, 'exit', { signal: AbortSignal.timeout(30_000) });
    up.kill('SIGINT');
    expect((await exited)[0]).toBe(0);
    expect(await lockHolder(join(directory, 'daemon.lock'))).toBeUndefined();
  } finally {
    up.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  }
});
