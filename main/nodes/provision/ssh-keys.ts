import { generateKeyPairSync } from 'node:crypto';

/** An Ed25519 key in the three forms that we need. */
export interface SshKey {
  /** `ssh-ed25519 AAAA…`, for authorized_keys and for pinning. */
  readonly publicKey: string;
  /** What an SSH client reads. */
  readonly openSshPrivateKey: string;
  /** Base64 of what the dropbear server reads as host key. */
  readonly dropbearPrivateKey: string;
}

/** A node's host key is made here, before the node exists, so that its very first answer can be checked. */
export function generateSshKey(): SshKey {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return sshKeyOf(Buffer.from(jwk.d ?? '', 'base64url'), Buffer.from(jwk.x ?? '', 'base64url'));
}

export function sshKeyOf(seed: Buffer, point: Buffer): SshKey {
  const publicBlob = Buffer.concat([text('ssh-ed25519'), text(point)]);
  const secret = Buffer.concat([seed, point]);
  return {
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')}`,
    openSshPrivateKey: openSshFile(publicBlob, point, secret),
    dropbearPrivateKey: Buffer.concat([text('ssh-ed25519'), text(secret)]).toString('base64'),
  };
}

/** The unencrypted openssh-key-v1 format (OpenSSH PROTOCOL.key). */
function openSshFile(publicBlob: Buffer, point: Buffer, secret: Buffer): string {
  const check = Buffer.alloc(4, 0x5a);
  const fields = Buffer.concat([check, check, text('ssh-ed25519'), text(point), text(secret), text('coracle')]);
  const padding = Buffer.from(Array.from({ length: (8 - fields.length % 8) % 8 }, (_, index) => index + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([Buffer.from('openssh-key-v1\0'), text('none'), text('none'), text(''), count, text(publicBlob), text(Buffer.concat([fields, padding]))]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function text(value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
