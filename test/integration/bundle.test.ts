import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../main/cluster/find-kubectl.ts';
import { freePort } from '../../main/cluster/free-port.ts';

/** The desktop app's daemon is a bundle that Electron forks; Electron's binary is not needed to see that it works. */
const root = fileURLToPath(new URL('../..', import.meta.url));
let directory = '';
let daemon: ReturnType<typeof spawn> | undefined;

async function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<{ code: number; stdout: string }> {
  const child = spawn(program, args, { cwd: directory || root, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout };
}

const kubectl = (...args: readonly string[]) => run(findKubectl() ?? 'kubectl', args, { KUBECONFIG: join(directory, 'kubeconfig') });

beforeAll(async () => {
  expect((await run(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'main/app/build.ts')])).code).toBe(0);
  directory = await mkdtemp(join(tmpdir(), 'coracle-bundle-'));
  const options = { dataDirectory: directory, workers: 2, workersGiven: true, driver: 'simulated', ui: false, apiPort: await freePort(46_500) };
  daemon = spawn(process.execPath, [join(root, 'main/app/dist/daemon.js'), JSON.stringify(options)], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (existsSync(join(directory, 'kubeconfig')) && (await kubectl('get', 'node', 'sim-2', '-o', 'name').catch(() => ({ code: 1 }))).code === 0) return;
    await wait(100);
  }
  throw new Error(`the bundled daemon did not start:\n${readFileSync(join(directory, 'logs', 'daemon.log'), 'utf8')}`);
});

afterAll(async () => {
  if (daemon?.exitCode === null) {
    const ended = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await ended;
  }
  await rm(directory, { recursive: true, force: true });
});

describe('the daemon as the desktop app runs it', () => {
  it('is in ASCII: V8 keeps any other text at two bytes a character', () => {
    const wide = [...readFileSync(join(root, 'main/app/dist/daemon.js'), 'utf8').matchAll(/.{0,40}[^\0-\x7f]/gu)].map(([text]) => text);
    expect(wide).toEqual([]);
  });

  it('explains fields with the texts it carries along', async () => {
    const { code, stdout } = await kubectl('explain', 'pod.spec.containers.image');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Container image name/u);
  });

  it('writes durably and schedules', async () => {
    expect((await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')).code).toBe(0);
    expect((await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')).stdout).toContain('successfully rolled out');
  });
});
