import type { Bridge, Streams } from '../../main/bridge/contract.ts';

/** Older text falls out at the top: a container that prints for hours must not fill the window. */
const maxLength = 400_000;

/** A container's log as it grows; redrawn at most once a frame. */
export class LogStream {
  text = $state('');
  ended: string | undefined = $state();
  readonly #end: () => void;
  #pending = '';
  #frame = 0;

  constructor(bridge: Bridge, target: Streams['pod.logs']['args']) {
    this.#end = bridge.subscribe('pod.logs', target, {
      next: (piece) => {
        this.#pending += piece;
        this.#frame ||= requestAnimationFrame(() => this.#apply());
      },
      end: (status) => (this.ended = status?.message ?? '— end of the log —'),
    });
  }

  dispose(): void {
    this.#end();
    cancelAnimationFrame(this.#frame);
  }

  #apply(): void {
    this.#frame = 0;
    const joined = this.text + this.#pending;
    this.#pending = '';
    this.text = joined.length > maxLength ? joined.slice(joined.indexOf('\n', joined.length - maxLength) + 1) : joined;
  }
}
