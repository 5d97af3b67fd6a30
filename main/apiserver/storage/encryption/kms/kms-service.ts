import { randomUUID } from 'node:crypto';
import type { Client } from '@grpc/grpc-js';
import { type FieldValue, WireMessage, writeMessage } from './wire-message.ts';

/** A key encrypted by the plugin: what it needs to decrypt it again. */
export interface EncryptedKey {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
}

/** The plugin that holds the key of keys (k8s.io/kms/apis/v2). Calls reject when it is away, or does not answer in time. */
export interface KmsService extends Disposable {
  status(): Promise<{ readonly version: string; readonly healthz: string; readonly keyId: string }>;
  encrypt(plain: Uint8Array): Promise<EncryptedKey>;
  decrypt(key: EncryptedKey): Promise<Uint8Array>;
}

const SERVICE = '/v2.KeyManagementService/';

/** Talks gRPC over the socket of `unix:///path`. The library is loaded with the first one. */
export async function connectKms({ endpoint, timeoutMs }: { readonly endpoint: string; readonly timeoutMs: number }): Promise<KmsService> {
  const { default: grpc } = await import('@grpc/grpc-js');
  const client: Client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  const call = (method: string, fields: readonly (readonly [number, FieldValue])[]): Promise<WireMessage> =>
    new Promise((resolve, reject) => {
      const encode = (value: Uint8Array): Buffer => Buffer.from(value);
      client.makeUnaryRequest(SERVICE + method, encode, (bytes: Buffer) => new WireMessage(bytes), writeMessage(fields), new grpc.Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(new Error(`rpc error: code = ${grpc.status[error?.code ?? 2]} desc = ${error?.details ?? 'no response'}`, { cause: error }));
      });
    });
  return {
    async status() {
      const answer = await call('Status', []);
      return { version: answer.text(1), healthz: answer.text(2), keyId: answer.text(3) };
    },
    async encrypt(plain) {
      const answer = await call('Encrypt', [[1, plain], [2, randomUUID()]]);
      return { ciphertext: answer.bytes(1), keyId: answer.text(2), annotations: answer.map(3) };
    },
    async decrypt({ ciphertext, keyId, annotations }) {
      return (await call('Decrypt', [[1, ciphertext], [2, randomUUID()], [3, keyId], [4, annotations]])).bytes(1);
    },
    [Symbol.dispose]: () => client.close(),
  };
}
