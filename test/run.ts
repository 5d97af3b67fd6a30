/**
 * `npm test`: everything, from a clean clone. Each stage prints its progress; the last line is `N passed, N failed` over all of them.
 * Arguments name stages to run alone: `npm test -- check unit`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSteps, runStep } from './check.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'coracle-test-'));

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
interface Stage {
  readonly name: string;
  readonly limitMinutes: number;
  run(stage: Stage): Promise<Outcome>;
}

const stages: readonly Stage[] = [
  { name: 'build', limitMinutes: 20, run: (stage) => program(stage, [process.execPath, '--disable-warning=ExperimentalWarning', 'main/cli/build.ts', 'everything']) },
  { name: 'check', limitMinutes: 5, run: check },
  { name: 'unit', limitMinutes: 15, run: (stage) => tests(stage, 'vitest.config.ts') },
  { name: 'integration', limitMinutes: 15, run: (stage) => tests(stage, 'test/integration/vitest.config.ts') },
  { name: 'e2e', limitMinutes: 20, run: (stage) => tests(stage, 'test/e2e/vitest.config.ts') },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`npm test: there is no stage "${unknown.join('", "')}"; there are ${stages.map((stage) => stage.name).join(', ')}`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const stage of stages.filter(({ name }) => wanted.length === 0 || name === 'build' || wanted.includes(name))) {
    console.log(`\n▸ ${stage.name}`);
    const started = performance.now();
    const outcome = await stage.run(stage);
    console.log(`  ${stage.name}: ${outcome.passed} passed, ${outcome.failed} failed${outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ''} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
    if (stage.name === 'build' && outcome.failed > 0) break; // Nothing else can work.
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function check(): Promise<Outcome> {
  let failed = 0;
  for (const step of checkSteps) {
    const { code, output } = await runStep(step);
    console.log(`  ${code === 0 ? '✓' : '✗'} ${step.name}`);
    if (code !== 0) console.log(output);
    failed += code === 0 ? 0 : 1;
  }
  return { passed: checkSteps.length - failed, failed, skipped: 0 };
}

async function tests(stage: Stage, config: string): Promise<Outcome> {
  const report = join(scratch, `${stage.name}.json`);
  const code = await start(stage, [process.execPath, vitest, 'run', '--config', config, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, '--passWithNoTests']);
  try {
    const summary = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number; numPendingTests: number; success: boolean };
    // A suite that fails to load has no test to count, yet it failed.
    const failed = summary.numFailedTests > 0 ? summary.numFailedTests : code === 0 ? 0 : 1;
    return { passed: summary.numPassedTests, failed, skipped: summary.numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function program(stage: Stage, command: readonly string[]): Promise<Outcome> {
  const code = await start(stage, command);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** Tests that are asked to end stop what they started; those that do not are killed. */
function end(group: number | undefined): void {
  if (group === undefined) return;
  process.kill(-group, 'SIGTERM');
  setTimeout(() => {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  }, 20_000).unref();
}

/** Runs to the end or the stage's limit; the whole process group ends with it. */
function start(stage: Stage, [file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true, env: { ...process.env, NO_COLOR: '1' } });
    const limit = setTimeout(() => {
      console.log(`  ${stage.name} did not finish within ${stage.limitMinutes} minutes`);
      end(child.pid);
    }, stage.limitMinutes * 60_000);
    const interrupt = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    child.on('close', (code) => {
      clearTimeout(limit);
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      resolve(code ?? 1);
    });
  });
}
