import type { Socket } from 'node:net';

/** The first line of a relay is one small JSON object or number. */
const lineLimitBytes = 1024;

/** Reads one line and gives what follows it back to the socket. */
export function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const finish = (error?: Error, line = ''): void => {
      socket.off('data', onData).off('error', onError).off('end', onEnd).pause();
      if (error) reject(error);
      else resolve(line);
    };
    const onError = (error: Error): void => finish(error);
    const onEnd = (): void => finish(new Error('the connection ended before its first line'));
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf(0x0a);
      if (end < 0 && seen.length <= lineLimitBytes) return;
      if (end < 0) return finish(new Error('the first line is too long'));
      finish(undefined, seen.subarray(0, end).toString());
      if (end + 1 < seen.length) socket.unshift(seen.subarray(end + 1));
    };
    socket.on('data', onData).once('error', onError).once('end', onEnd);
  });
}
