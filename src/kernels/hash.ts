const OFFSETS = [0x811c9dc5, 0x9747b28c] as const;
const PRIME = 0x01000193;

const known = new Map<string, string>();

/**
 * 64 bits of a text as 16 hexadecimal digits: two runs of FNV-1a (Fowler, Noll, Vo) from different offsets, the second
 * over the text's characters mixed with their places. It notices change and damage; it is no protection against malice.
 */
export function hashText(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  let [a, b]: [number, number] = [OFFSETS[0], OFFSETS[1]];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, PRIME);
    b = Math.imul(b ^ (code + Math.imul(i, 0x9e3779b1)), PRIME);
  }
  const hash = [a, b].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('');
  // Shaders are hashed again and again; other texts only once.
  if (text.length > 1000 && known.size < 4096) known.set(text, hash);
  return hash;
}
