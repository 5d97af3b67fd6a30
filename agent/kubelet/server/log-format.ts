export interface LogLine {
  /** RFC 3339 with nanoseconds, as the runtime wrote it. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** False when the line goes on in the next record. */
  readonly complete: boolean;
  /** With its line feed when complete. */
  readonly text: string;
}

/** One record of a CRI log: `2026-01-02T03:04:05.678901234Z stdout F hello`. Undefined for anything else. */
export function parseLogLine(line: string): LogLine | undefined {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = line.slice(first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tag = line.slice(second + 1, third).split(':')[0];
  const complete = tag === 'F';
  return { time: line.slice(0, first), stream, complete, text: line.slice(third + 1) + (complete ? '\n' : '') };
}
