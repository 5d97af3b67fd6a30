import { type Server as TcpServer, type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, expect, test } from 'vitest';
import { SshConnection } from './ssh-connection.ts';

const { Server, utils } = ssh2;
const hostKey = utils.generateKeyPairSync('ed25519');
const userKey = utils.generateKeyPairSync('ed25519');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('a command that ends at once has its code and output, though both come in one packet with the answer that it started', async () => {
  const port = await relayInPieces(await serve((command) => ({ code: 3, output: `ran ${command}` })), 20);
  const signal = AbortSignal.timeout(20_000);
  const connection = await SshConnection.open({ host: '127.0.0.1', port, hostKey: hostKey.public, privateKey: userKey.private, signal, handshakeLimitMs: 20_000 });
  cleanups.push(() => connection[Symbol.asyncDispose]());
  for (let round = 0; round < 3; round++) {
    expect(await connection.exec(['echo', 'it'], { signal })).toEqual({ code: 3, stdout: "ran 'echo' 'it'", stderr: '' });
  }
});

/** An SSH server that answers a command in the turn that it comes. */
async function serve(run: (command: string) => { readonly code: number; readonly output: string }): Promise<number> {
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => { context.accept(); });
    client.on('session', (accept) => {
      accept().on('exec', (acceptCommand, _reject, { command }) => {
        const channel = acceptCommand();
        const { code, output } = run(command);
        channel.write(output);
        channel.exit(code);
        channel.end();
      });
    });
  });
  return listening(server as unknown as TcpServer);
}

/** Hands on what comes from the server in few large pieces, as a loaded machine reads them. */
async function relayInPieces(targetPort: number, everyMs: number): Promise<number> {
  const server = createServer((socket) => {
    const target = connect(targetPort, '127.0.0.1');
    const sockets: readonly Socket[] = [socket, target];
    for (const each of sockets) each.on('error', () => {}).on('close', () => { for (const other of sockets) other.destroy(); });
    socket.pipe(target);
    let waiting: Buffer[] = [];
    target.on('data', (piece: Buffer) => {
      if (waiting.push(piece) > 1) return;
      setTimeout(() => { socket.write(Buffer.concat(waiting)); waiting = []; }, everyMs);
    });
  });
  return listening(server);
}

async function listening(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  cleanups.push(() => new Promise((resolve) => { server.close(resolve); }));
  return (server.address() as AddressInfo).port;
}
