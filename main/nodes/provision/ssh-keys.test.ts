import { createPrivateKey, createPublicKey } from 'node:crypto';
import { utils } from 'ssh2';
import { expect, test } from 'vitest';
import { generateSshKey, sshKeyOf } from './ssh-keys.ts';

test('an SSH client reads the private key, and it belongs to the public one', () => {
  const key = generateSshKey();
  const parsed = utils.parseKey(key.openSshPrivateKey);
  if (parsed instanceof Error) throw parsed;
  const publicKey = utils.parseKey(key.publicKey);
  if (publicKey instanceof Error) throw publicKey;
  const message = Buffer.from('message');
  expect(publicKey.verify(message, parsed.sign(message) as unknown as Buffer)).toBe(true);
});

test('the public key is derived from the seed as OpenSSH does', () => {
  const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]), format: 'der', type: 'pkcs8' });
  const point = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = sshKeyOf(Buffer.alloc(32, 1), point);
  expect(key.publicKey).toBe(`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${Buffer.concat([Buffer.from([0x20]), point]).toString('base64').slice(1)}`);
});

test('the host key for dropbear is the name of the algorithm and 64 secret bytes', () => {
  const blob = Buffer.from(generateSshKey().dropbearPrivateKey, 'base64');
  expect(blob.subarray(0, 15).toString('latin1')).toBe('\0\0\0\x0bssh-ed25519');
  expect(blob.readUInt32BE(15)).toBe(64);
  expect(blob.length).toBe(15 + 4 + 64);
});
