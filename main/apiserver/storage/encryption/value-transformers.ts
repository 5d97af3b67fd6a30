import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

/** How one provider of an EncryptionConfiguration turns bytes into others, under one key. The format is upstream's, byte for byte. */
export interface Cipher {
  encrypt(plain: Uint8Array, storageKey: string): Uint8Array;
  /** Throws when the bytes are not this key's work, or of another object (aesgcm). */
  decrypt(sealed: Uint8Array, storageKey: string): Uint8Array;
}

/** The value is sound, but what is needed to open it is not to be had at the moment. */
export class KeyUnavailableError extends Error {
  override readonly name = 'KeyUnavailableError';
}

export type ProviderName = 'aescbc' | 'aesgcm' | 'secretbox';

const BLOCK = 16;
const GCM_NONCE = 12;
const GCM_TAG = 16;
const BOX_NONCE = 24;
const BOX_TAG = 16;

export function cipherOf(provider: ProviderName, key: Uint8Array): Cipher {
  switch (provider) {
    case 'aescbc': return aesCbc(key);
    case 'aesgcm': return aesGcm(key);
    case 'secretbox': return secretBox(key);
  }
}

/** A random initialization vector, then the blocks, padded as PKCS #7. */
function aesCbc(key: Uint8Array): Cipher {
  const name = `aes-${key.length * 8}-cbc`;
  return {
    encrypt(plain) {
      const vector = randomBytes(BLOCK);
      const cipher = createCipheriv(name, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    decrypt(sealed) {
      if (sealed.length < 2 * BLOCK) throw new Error('the stored data was shorter than the required size');
      if (sealed.length % BLOCK !== 0) throw new Error('the stored data is not a multiple of the block size');
      const decipher = createDecipheriv(name, key, sealed.subarray(0, BLOCK));
      return Buffer.concat([decipher.update(sealed.subarray(BLOCK)), decipher.final()]);
    },
  };
}

/** A random nonce, the ciphertext, the tag. The object's key in the store is authenticated too: values cannot be swapped. */
function aesGcm(key: Uint8Array): Cipher {
  const name = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
  return {
    encrypt(plain, storageKey) {
      const nonce = randomBytes(GCM_NONCE);
      const cipher = createCipheriv(name, key, nonce, { authTagLength: GCM_TAG }).setAAD(Buffer.from(storageKey));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(sealed, storageKey) {
      if (sealed.length < GCM_NONCE + GCM_TAG) throw new Error('the stored data was shorter than the required size');
      const decipher = createDecipheriv(name, key, sealed.subarray(0, GCM_NONCE), { authTagLength: GCM_TAG }).setAAD(Buffer.from(storageKey));
      decipher.setAuthTag(sealed.subarray(sealed.length - GCM_TAG));
      return Buffer.concat([decipher.update(sealed.subarray(GCM_NONCE, sealed.length - GCM_TAG)), decipher.final()]);
    },
  };
}

/** NaCl's secretbox (XSalsa20 and Poly1305) after a random nonce. */
function secretBox(key: Uint8Array): Cipher {
  return {
    encrypt(plain) {
      const nonce = randomBytes(BOX_NONCE);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)]);
    },
    decrypt(sealed) {
      if (sealed.length < BOX_NONCE + BOX_TAG) throw new Error('output array was not large enough for encryption');
      return xsalsa20poly1305(key, sealed.subarray(0, BOX_NONCE)).decrypt(sealed.subarray(BOX_NONCE));
    },
  };
}
