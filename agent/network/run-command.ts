import { spawn } from 'node:child_process';

/** A system tool that hangs must not stop the node's network for ever. */
const limitMs = 20_000;

/** Runs a program to its end; resolves with its standard output, rejects with what it printed on the other. */
export function runCommand([program = '', ...args]: readonly string[], { input, signal }: { readonly input?: string; readonly signal?: AbortSignal } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: limitMs, ...(signal === undefined ? {} : { signal }) });
    const out: Buffer[] = [];
    const problems: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => problems.push(chunk));
    child.stdin.on('error', () => {}); // The program ended early; its exit code tells.
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${killedBy ?? `code ${code}`}: ${Buffer.concat(problems).toString('utf8').trim()}`));
    });
  });
}
