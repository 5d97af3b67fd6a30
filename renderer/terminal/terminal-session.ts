import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import type { Bridge } from '../../main/bridge/contract.ts';

/** One shell on the daemon's side shown in one xterm; disposing closes the shell. */
export class TerminalSession {
  readonly #bridge: Bridge;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  #id: string | undefined;
  #endOutput = () => {};
  #disposed = false;

  constructor({ element, bridge, exited }: { element: HTMLElement; bridge: Bridge; exited: () => void }) {
    this.#bridge = bridge;
    this.#terminal = new Terminal({
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono'),
      fontSize: 13, lineHeight: 1.2, cursorBlink: true, scrollback: 10_000,
      theme: { background: '#0d1413', foreground: '#dfe8e6', cursor: '#2dd4bf', selectionBackground: '#1f4f49' },
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(element);
    this.#fit.fit();
    this.#open(exited).catch((error: unknown) => this.#terminal.write(`\r\n\u001B[31mCannot open a terminal: ${error instanceof Error ? error.message : String(error)}\u001B[0m\r\n`));
  }

  focus(): void {
    this.fit();
    this.#terminal.focus();
  }

  fit(): void {
    if (this.#terminal.element?.offsetParent == null) return; // Hidden: it has no size to fit to.
    this.#fit.fit();
  }

  dispose(): void {
    this.#disposed = true;
    this.#endOutput();
    if (this.#id !== undefined) this.#send('terminal.close', { id: this.#id });
    this.#terminal.dispose();
  }

  async #open(exited: () => void): Promise<void> {
    const { id } = await this.#bridge.call('terminal.open', { columns: this.#terminal.cols, rows: this.#terminal.rows });
    this.#id = id;
    if (this.#disposed) return this.#send('terminal.close', { id });
    this.#endOutput = this.#bridge.subscribe('terminal.output', { id }, { next: (data) => this.#terminal.write(data), end: exited });
    this.#terminal.onData((data) => this.#send('terminal.write', { id, data }));
    this.#terminal.onResize(({ cols, rows }) => this.#send('terminal.resize', { id, columns: cols, rows }));
  }

  /** A terminal whose shell has just ended refuses; its output stream tells that already. */
  #send<K extends 'terminal.write' | 'terminal.resize' | 'terminal.close'>(name: K, args: Parameters<Bridge['call']>[1] & object): void {
    this.#bridge.call(name, args as never).catch(() => {});
  }
}
