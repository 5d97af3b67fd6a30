import { spawn } from 'node:child_process';

/** Enough for the longest listing a build step prints; a program that says more is cut off at the end it shows. */
const outputLimitBytes = 64 << 20;

export interface ProgramOptions {
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end and returns what it printed; rejects with its last words when it fails. */
export async function runProgram(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<Buffer> {
  const child = spawn(program, args, {
    cwd: options.cwd, signal: options.signal, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  let outputBytes = 0;
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes <= outputLimitBytes) output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(-4000); });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`Cannot run ${program}: ${cause.message}`, { cause })));
    child.on('close', resolve);
  });
  if (outputBytes > outputLimitBytes) throw new Error(`Cannot use the output of ${program}: more than ${outputLimitBytes} bytes`);
  if (code !== 0) throw new Error(`${program} ${args.slice(-4).join(' ')} ended with code ${code}: ${errors.trim() || 'no message'}`);
  return Buffer.concat(output);
}
