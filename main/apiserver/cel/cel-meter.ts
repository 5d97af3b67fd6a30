/** Told how long expressions take, in milliseconds. */
export interface CelMeter {
  compiled(elapsedMs: number): void;
  evaluated(elapsedMs: number): void;
}
