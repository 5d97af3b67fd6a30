const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** 32-bit FNV-1a, the hash behind pod-template-hash and controller-revision-hash. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** 32-bit FNV-1 over the bytes of UTF-8: multiplied first, then mixed. */
export function fnv32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return hash >>> 0;
}

/** As upstream's rand.SafeEncodeString: no vowels, no look-alike digits, so that no word appears in a name. */
export function safeEncode(text: string): string {
  let encoded = '';
  for (let i = 0; i < text.length; i++) encoded += SAFE_ALPHABET[text.charCodeAt(i) % SAFE_ALPHABET.length];
  return encoded;
}

/** Differs from upstream: hashes canonical JSON, not Go's dump of the struct, so the value itself differs; its shape does not. */
export function templateHash(value: unknown, collisionCount = 0): string {
  const salt = collisionCount > 0 ? `\u0000${collisionCount}` : '';
  return safeEncode(String(fnv32a(canonicalJson(value) + salt)));
}

/** Members sorted as Go sorts a map's, without those that are absent or null. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => {
    if (field === null || typeof field !== 'object' || Array.isArray(field)) return field === null ? undefined : field;
    const entries = Object.entries(field).filter(([, inner]) => inner !== undefined && inner !== null);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
