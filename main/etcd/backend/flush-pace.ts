/** A flush that takes longer is no business of a thread that others wait for: a few times what an SSD takes. */
const quickMs = 1.5;
const minPauseMs = 50;
const maxPauseMs = 10_000;

/**
 * Whether the disk is quick enough to wait for it where everything else waits too. After a slow flush none is tried for a while, and for
 * twice as long each time that the next one is slow again; so a disk that always is slow holds up the others for a flush in ten seconds.
 *
 *     flush  0.1  0.1  8.0            9.1                 0.1  0.1
 *     pause             50 ms              100 ms           (50)  (0)
 */
export class FlushPace {
  #pauseMs = 0;
  #pausedUntilMs = 0;

  isQuick(nowMs: number): boolean {
    return nowMs >= this.#pausedUntilMs;
  }

  note({ tookMs, nowMs }: { readonly tookMs: number; readonly nowMs: number }): void {
    if (tookMs <= quickMs) {
      this.#pauseMs = this.#pauseMs < 2 * minPauseMs ? 0 : this.#pauseMs / 2;
      return;
    }
    this.#pauseMs = Math.min(maxPauseMs, Math.max(minPauseMs, this.#pauseMs * 2));
    this.#pausedUntilMs = nowMs + this.#pauseMs;
  }
}
