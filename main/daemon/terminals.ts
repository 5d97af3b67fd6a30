import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node-pty';
import type { IPty } from 'node-pty';
import { findKubectl } from '../cluster/find-kubectl.ts';
import type { Log } from '../cluster/log.ts';

interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Terminal {
  readonly pty: IPty;
  /** What was printed while nobody listened, so that a reloaded window sees where it was. */
  readonly scrollback: string[];
  scrollbackLength: number;
  readonly listeners: Set<(data: string | undefined) => void>;
  /** Runs while nobody listens. */
  abandoned: NodeJS.Timeout | undefined;
}

/** A forgotten window must not open shells without end. */
const maxTerminals = 32;
const maxScrollback = 256 * 1024;
/** A window subscribes right after it opened its terminal; one that is closed never comes back, and its shell must not stay. */
const abandonedAfterMs = 5_000;

/** Shells in pseudo-terminals with KUBECONFIG set, our kubectl on PATH and its completion on. */
export class Terminals implements AsyncDisposable {
  readonly #kubeconfig: string;
  readonly #log: Log;
  readonly #open = new Map<string, Terminal>();

  constructor({ kubeconfig, log }: { kubeconfig: string; log: Log }) {
    this.#kubeconfig = kubeconfig;
    this.#log = log;
  }

  open(size: Size): string {
    if (this.#open.size >= maxTerminals) throw new Error(`Cannot open a terminal: ${maxTerminals} are open; close one first`);
    const { program, args } = shell();
    const pty = spawn(program, args, { name: 'xterm-256color', cols: clamp(size.columns), rows: clamp(size.rows), cwd: homedir(), env: this.#environment() });
    const id = randomUUID();
    const terminal: Terminal = { pty, scrollback: [], scrollbackLength: 0, listeners: new Set(), abandoned: undefined };
    abandon(terminal);
    this.#open.set(id, terminal);
    pty.onData((data) => remember(terminal, data));
    pty.onExit(() => {
      this.#open.delete(id);
      clearTimeout(terminal.abandoned);
      for (const listener of terminal.listeners) listener(undefined);
    });
    this.#log.info('terminal opened', { pid: pty.pid });
    return id;
  }

  write(id: string, data: string): void {
    this.#get(id).pty.write(data);
  }

  resize(id: string, size: Size): void {
    this.#get(id).pty.resize(clamp(size.columns), clamp(size.rows));
  }

  close(id: string): void {
    this.#open.get(id)?.pty.kill();
  }

  /** What was printed so far, then everything as it comes; ends when the shell exits. */
  async *output(id: string, signal: AbortSignal): AsyncGenerator<string> {
    const terminal = this.#get(id);
    const queue: (string | undefined)[] = [terminal.scrollback.join('')];
    let wake = () => {};
    const listener = (data: string | undefined) => {
      queue.push(data);
      wake();
    };
    terminal.listeners.add(listener);
    clearTimeout(terminal.abandoned);
    const abort = () => wake();
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted) {
        const pending = queue.splice(0);
        const text = pending.filter((data) => data !== undefined).join('');
        if (text !== '') yield text;
        if (pending.includes(undefined)) return;
        if (queue.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      terminal.listeners.delete(listener);
      if (terminal.listeners.size === 0) abandon(terminal);
      signal.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pty, abandoned } of this.#open.values()) {
      clearTimeout(abandoned);
      pty.kill();
    }
    this.#open.clear();
  }

  #get(id: string): Terminal {
    const terminal = this.#open.get(id);
    if (terminal === undefined) throw new Error('this terminal is closed');
    return terminal;
  }

  #environment(): Record<string, string> {
    const kubectl = findKubectl();
    const path = [...(kubectl === undefined ? [] : [dirname(kubectl)]), process.env['PATH'] ?? ''].join(delimiter);
    const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('NODE_')));
    return { ...inherited, PATH: path, KUBECONFIG: this.#kubeconfig, TERM: 'xterm-256color', COLORTERM: 'truecolor' };
  }
}

function abandon(terminal: Terminal): void {
  terminal.abandoned = setTimeout(() => terminal.pty.kill(), abandonedAfterMs);
}

function remember(terminal: Terminal, data: string): void {
  terminal.scrollback.push(data);
  terminal.scrollbackLength += data.length;
  while (terminal.scrollbackLength > maxScrollback && terminal.scrollback.length > 1) terminal.scrollbackLength -= terminal.scrollback.shift()?.length ?? 0;
  for (const listener of terminal.listeners) listener(data);
}

function shell(): { program: string; args: string[] } {
  if (process.platform === 'win32') return { program: 'powershell.exe', args: ['-NoLogo'] };
  const rc = fileURLToPath(new URL('./shell/bashrc', import.meta.url));
  const bash = ['/bin/bash', '/usr/bin/bash', '/opt/homebrew/bin/bash'].find((path) => existsSync(path));
  if (bash !== undefined && process.platform !== 'darwin') return { program: bash, args: ['--rcfile', rc, '-i'] };
  return { program: process.env['SHELL'] ?? join('/', 'bin', 'sh'), args: ['-i'] };
}

function clamp(value: number): number {
  return Math.max(2, Math.min(1000, Math.floor(value) || 80));
}
