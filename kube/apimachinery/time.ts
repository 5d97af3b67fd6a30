/** Times on the wire. `nowMs` is Clock.now(). */

/** metav1.Time: RFC 3339 in UTC with whole seconds. */
export function formatTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime: six digits of a second. */
export function formatMicroTime(nowMs: number): string {
  const micros = Math.floor((nowMs - Math.floor(nowMs)) * 1000);
  return `${new Date(nowMs).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}

/** Milliseconds since the epoch; undefined when absent or no time at all. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Date.parse(text);
  return Number.isNaN(value) ? undefined : value;
}
