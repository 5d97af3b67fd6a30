import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { listen } from '../server.ts';
import { createTestCertificates } from '../testing-certificates.ts';

test('a connection that ends before TLS is agreed on is told', async () => {
  const { server, ca } = await createTestCertificates(Date.now());
  let errors = 0;
  const handler = { handle: () => Promise.reject(new Error('nobody asks')), upgrade: () => Promise.resolve() };
  await using listener = await listen(handler, { host: '127.0.0.1', port: 0, tls: { ...server, clientCA: ca }, onHandshakeError: () => errors++ });
  const socket = connect(listener.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  await expect.poll(() => errors).toBe(1);
});
