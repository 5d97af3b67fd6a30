/**
 * Builds what a command needs, each step cached by the digest of its inputs (the steps themselves decide).
 * Usage: build.ts check | bench | start [up's arguments] | everything.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.ts';
import { parseUpArguments } from './up-arguments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Step {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
}

const vocabulary: Step = { name: 'Kubernetes vocabulary', script: 'kube/api/generate/main.ts' };
const agent: Step = { name: 'node agent', script: 'agent/build.ts' };
const daemon: Step = { name: 'daemon', script: 'main/daemon/build.ts' };
const window: Step = { name: 'window', script: 'renderer/build.ts' };
const kubectl: Step = { name: 'kubectl', script: 'images/kubectl/build.ts' };
const shell: Step = { name: 'desktop shell', script: 'main/app/fetch-electron.ts' };
const containers: Step = { name: 'container images', script: 'images/containers/build.ts' };
const nodeImage: Step = { name: 'node image', script: 'images/node/build.ts' };
const localRuntime: Step = { name: 'container runtime for local nodes', script: 'images/runtime/build.ts' };

const [target = 'everything', ...args] = process.argv.slice(2);
const plan = await planSteps(target, args);
await ensureSystemPackages(plan.packages);
for (const step of plan.steps) await runStep(step);

async function planSteps(what: string, parameters: readonly string[]): Promise<{ steps: readonly Step[]; packages: readonly string[] }> {
  if (what === 'check') return { steps: [vocabulary], packages: [] };
  if (what === 'bench') return { steps: [vocabulary, daemon], packages: [] };
  if (what === 'everything') {
    return { steps: [vocabulary, daemon, agent, window, kubectl, containers, nodeImage, ...(process.getuid?.() === 0 ? [localRuntime] : [])], packages: ['build', 'qemu', 'local', 'window', 'browser'] };
  }
  const up = parseUpArguments(parameters);
  const forWindow = up.ui ? ['window'] : [];
  const steps = [vocabulary, daemon, ...(up.ui ? [window] : []), ...(up.ui && up.open && !up.detach ? [shell] : []), kubectl];
  if (up.workers === 0 || up.driver === 'simulated') return { steps, packages: ['build', ...forWindow] };
  return up.driver === 'local'
    ? { steps: [...steps, agent, containers, localRuntime], packages: ['build', 'local', ...forWindow] }
    : { steps: [...steps, agent, containers, nodeImage], packages: ['build', 'qemu', ...forWindow] };
}

function runStep(step: Step): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', step.script, ...(step.args ?? [])], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => stop(step, error.message));
    child.on('exit', (code) => (code === 0 ? resolve() : stop(step, `it exited with code ${code ?? 'none (killed)'}`)));
  });
}

function stop(step: Step, cause: string): never {
  console.error(`coracle: cannot build the ${step.name} (${step.script}): ${cause}; its output above says why`);
  process.exit(1);
}
