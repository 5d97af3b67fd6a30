import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Terminals } from './terminals.ts';

let directory = '';
let terminals: Terminals;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coracle-terminal-'));
  terminals = new Terminals({ kubeconfig: join(directory, 'kubeconfig'), log: { info() {}, warn() {}, error() {} } });
});
afterEach(async () => {
  await terminals[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Reads output until it contains the text. */
async function until(id: string, text: string): Promise<string> {
  let output = '';
  for await (const piece of terminals.output(id, AbortSignal.timeout(15_000))) {
    output += piece;
    if (output.includes(text)) return output;
  }
  throw new Error(`the terminal ended without "${text}": ${output}`);
}

describe.skipIf(process.platform === 'win32')('a terminal', () => {
  it('is a shell with KUBECONFIG set', async () => {
    const id = terminals.open({ columns: 80, rows: 24 });
    terminals.write(id, 'echo "config=$KUBECONFIG"\n');
    expect(await until(id, `config=${directory}`)).toContain(join(directory, 'kubeconfig'));
  });

  it('shows what was printed before to a window that comes back', async () => {
    const id = terminals.open({ columns: 80, rows: 24 });
    terminals.write(id, 'echo one-$((40+2))\n');
    await until(id, 'one-42');
    expect(await until(id, 'one-42')).toContain('one-42');
  });

  it('takes its size from the window', async () => {
    const id = terminals.open({ columns: 80, rows: 24 });
    terminals.resize(id, { columns: 101, rows: 33 });
    terminals.write(id, 'stty size\n');
    expect(await until(id, '33 101')).toContain('33 101');
  });

  it('ends its output when the shell ends', async () => {
    const id = terminals.open({ columns: 80, rows: 24 });
    terminals.write(id, 'exit\n');
    for await (const _piece of terminals.output(id, AbortSignal.timeout(15_000)));
    expect(() => terminals.write(id, 'x')).toThrow(/closed/u);
  });
});
