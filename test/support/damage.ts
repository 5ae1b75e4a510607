import { Sampler } from '../../src/kernels/sampler.ts';

/** One spoilt copy of a file: how, and its bytes. */
export interface Damaged {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Values that lengths, offsets and counts are overwritten with: none, all bits, the largest of each sign. */
const HOSTILE = [0n, 1n, 0xffffn, 0x7fffffffn, 0xffffffffn, 2n ** 40n, 2n ** 63n - 1n, 2n ** 64n - 1n];

/**
 * `count` ways to spoil a file, the same for the same seed: cut at places over its whole length, single bits turned, words
 * of 2, 4 and 8 bytes overwritten with hostile lengths, stretches zeroed, doubled or exchanged. Half of the places lie in
 * the first and last kilobyte, where formats keep what steers a reader.
 */
export function damage(bytes: Uint8Array, count: number, seed: number): Damaged[] {
  const random = new Sampler(seed);
  const place = () => {
    const edge = Math.min(1024, bytes.length);
    const where = random.int(0, 3);
    if (where === 0) return random.int(0, edge - 1);
    return where === 1 ? bytes.length - random.int(1, edge) : random.int(0, bytes.length - 1);
  };
  return Array.from({ length: count }, (_, i) => KINDS[i % KINDS.length]!(bytes, place, random));
}

type Kind = (bytes: Uint8Array, place: () => number, random: Sampler) => Damaged;

const KINDS: readonly Kind[] = [
  (bytes, place) => {
    const at = place();
    return { what: `cut at ${at}`, bytes: bytes.slice(0, at) };
  },
  (bytes, place, random) => {
    const [spoilt, at, bit] = [bytes.slice(), place(), random.int(0, 7)];
    spoilt[at]! ^= 1 << bit;
    return { what: `bit ${bit} of byte ${at} turned`, bytes: spoilt };
  },
  (bytes, place, random) => {
    const spoilt = bytes.slice();
    const size = random.pick([2, 4, 8]);
    const at = Math.max(0, Math.min(place(), bytes.length - size));
    const value = random.pick(HOSTILE);
    for (let i = 0; i < size && at + i < bytes.length; i++) spoilt[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    return { what: `${size} bytes at ${at} set to ${value}`, bytes: spoilt };
  },
  (bytes, place, random) => {
    const [spoilt, at, size] = [bytes.slice(), place(), random.int(1, 64)];
    spoilt.fill(0, at, at + size);
    return { what: `${size} bytes at ${at} zeroed`, bytes: spoilt };
  },
  (bytes, place, random) => {
    const [at, size] = [place(), random.int(1, 256)];
    const part = bytes.slice(at, at + size);
    const spoilt = new Uint8Array(bytes.length + part.length);
    spoilt.set(bytes.subarray(0, at));
    spoilt.set(part, at);
    spoilt.set(bytes.subarray(at), at + part.length);
    return { what: `${part.length} bytes at ${at} doubled`, bytes: spoilt };
  },
  (bytes, place, random) => {
    const [spoilt, from, to, size] = [bytes.slice(), place(), place(), random.int(1, 64)];
    spoilt.set(bytes.slice(from, Math.min(from + size, from + bytes.length - to)), to);
    return { what: `${size} bytes from ${from} also at ${to}`, bytes: spoilt };
  },
];

/** Files that were never whole: what a hostile writer would try first. */
export function crafted(): (Damaged & { readonly name: string })[] {
  const text = (value: string) => new TextEncoder().encode(value);
  const framed = (header: string, length = header.length) => {
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    bytes.set(text(header), 8);
    return bytes;
  };
  const deep = 200_000;
  const huge = '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}';
  const tfjs = (weight: string) =>
    text(`{"format":"layers-model","weightsManifest":[{"paths":["uint8.bin"],"weights":[${weight}]}]}`);
  return [
    {
      name: 'a.safetensors',
      what: 'arrays nested deeply',
      bytes: framed(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`),
    },
    {
      name: 'a.safetensors',
      what: 'objects nested deeply',
      bytes: framed(`${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`),
    },
    { name: 'a.safetensors', what: 'a header of 2^63 bytes', bytes: framed('{}', 2 ** 62) },
    { name: 'a.safetensors', what: 'a shape beyond memory', bytes: framed(huge) },
    { name: 'a.safetensors', what: 'the prototype as a name', bytes: framed('{"__proto__":{"dtype":"F32"}}') },
    { name: 'm.json', what: 'arrays nested deeply', bytes: text(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`) },
    { name: 'm.json', what: 'never closed', bytes: text('{"a":'.repeat(deep)) },
    {
      name: 'm.json',
      what: 'a path out of the folder',
      bytes: text('{"format":"layers-model","weightsManifest":[{"paths":["../x"],"weights":[]}]}'),
    },
    {
      name: 'm.json',
      what: 'a shape beyond memory',
      bytes: tfjs('{"name":"a/kernel","shape":[9007199254740991,9007199254740991],"dtype":"float32"}'),
    },
    {
      name: 'm.json',
      what: 'an inherited name as a type',
      bytes: tfjs('{"name":"a/kernel","shape":[1],"dtype":"constructor"}'),
    },
    { name: 'm.json', what: 'no object', bytes: text('{}') },
    { name: 'm.json', what: 'nothing in the lists', bytes: text('{"format":"layers-model","weightsManifest":[null]}') },
  ];
}
