import { createHmac, randomBytes } from 'node:crypto';
import { type Cipher, cipherOf } from '../value-transformers.ts';

const INFO_BYTES = 32;

/**
 * AES-GCM with a key of its own for each value: HKDF-Expand (SHA-256) of the seed with 32 random bytes, which stand in front of what is sealed
 * (upstream: value/encrypt/aes/aes_extended_nonce.go). One seed may so seal any number of values.
 */
export function seedCipher(seed: Uint8Array): Cipher {
  const cipherFor = (info: Uint8Array): Cipher => cipherOf('aesgcm', createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest());
  return {
    encrypt(plain, storageKey) {
      const info = randomBytes(INFO_BYTES);
      return Buffer.concat([info, cipherFor(info).encrypt(plain, storageKey)]);
    },
    decrypt(sealed, storageKey) {
      if (sealed.length < INFO_BYTES) throw new Error('the stored data was shorter than the required size');
      return cipherFor(sealed.subarray(0, INFO_BYTES)).decrypt(sealed.subarray(INFO_BYTES), storageKey);
    },
  };
}
