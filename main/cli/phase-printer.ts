import type { PhaseStatus } from '../bridge/contract.ts';

/** Prints each phase as a line when it ends; on a terminal the running one is shown live below. */
export class PhasePrinter {
  readonly #out: NodeJS.WriteStream;
  readonly #printed = new Set<string>();
  #liveLine = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  print(phases: readonly PhaseStatus[]): void {
    this.#clearLive();
    for (const phase of phases) {
      const key = `${phase.name} ${phase.startedAt ?? ''} ${phase.state}`;
      if ((phase.state !== 'Done' && phase.state !== 'Failed') || this.#printed.has(key)) continue;
      this.#printed.add(key);
      const seconds = ((phase.durationMs ?? 0) / 1000).toFixed(2);
      this.#out.write(`${phase.state === 'Done' ? '✓' : '✗'} ${phase.name.padEnd(34)} ${seconds.padStart(7)} s\n`);
      if (phase.failure !== undefined) this.#out.write(`    cause: ${phase.failure.cause}\n    what to do: ${phase.failure.fix}\n`);
    }
    const running = phases.find((phase) => phase.state === 'Running');
    if (running === undefined || !this.#out.isTTY) return;
    this.#out.write(`… ${running.name}${running.step === undefined ? '' : `: ${running.step}`}`.slice(0, Math.max(20, this.#out.columns - 1)));
    this.#liveLine = true;
  }

  finish(): void {
    this.#clearLive();
  }

  #clearLive(): void {
    if (this.#liveLine) this.#out.write('\r\u001B[2K');
    this.#liveLine = false;
  }
}
