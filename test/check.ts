/** `npm run check`: types, lint and import rules, in seconds. Prints what failed; exit code 1 then. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url));

export const checkSteps: readonly Step[] = [
  { name: 'types', command: [process.execPath, bin('typescript-native/bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'types of the window', command: [process.execPath, bin('svelte-check/bin/svelte-check'), '--workspace', 'renderer', '--tsconfig', './tsconfig.json', '--output', 'human', '--fail-on-warnings'] },
  { name: 'lint', command: [process.execPath, bin('oxlint/bin/oxlint'), '--quiet'] },
  { name: 'import rules', command: [process.execPath, bin('vitest/vitest.mjs'), 'run', 'test/architecture', '--reporter=dot'] },
];

/** Resolves with the exit code; output is shown only when it fails. */
export function runStep({ command }: Step): Promise<{ code: number; output: string }> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

if (import.meta.main) {
  const results = await Promise.all(checkSteps.map(async (step) => ({ step, started: performance.now(), result: await runStep(step) })));
  for (const { step, result } of results) {
    console.log(`${result.code === 0 ? '✓' : '✗'} ${step.name}`);
    if (result.code !== 0) console.log(result.output);
  }
  process.exitCode = results.every(({ result }) => result.code === 0) ? 0 : 1;
}
