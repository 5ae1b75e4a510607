/**
 * Writes tfjs/: the network of make_weights.py as TensorFlow.js saves it, in two shards, and quantized three ways, with what
 * tfjs itself decodes of each (decoded.json).
 *
 *     cd bench && npm ci && cd .. && node test/io/files/make_tfjs.mjs
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../../bench/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const layers = require('@tensorflow/tfjs-layers');
const folder = fileURLToPath(new URL('tfjs/', import.meta.url));
mkdirSync(folder, { recursive: true });

const kernel = seed => tf.initializers?.glorotUniform?.({ seed }) ?? layers.initializers.glorotUniform({ seed });
const model = layers.sequential({
  layers: [
    layers.layers.conv2d({
      name: 'conv1',
      filters: 4,
      kernelSize: 3,
      inputShape: [8, 8, 3],
      kernelInitializer: kernel(1),
    }),
    layers.layers.batchNormalization({ name: 'norm1' }),
    layers.layers.conv2d({ name: 'conv2', filters: 2, kernelSize: [2, 3], kernelInitializer: kernel(2) }),
    layers.layers.globalAveragePooling2d({ name: 'pool' }),
    layers.layers.dense({ name: 'logits', units: 3, kernelInitializer: kernel(3) }),
  ],
});
let saved;
await model.save(
  tf.io.withSaveHandler(async artifacts => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  }),
);

const bytes = new Uint8Array(saved.weightData);
const half = Math.ceil(bytes.length / 2);
writeFileSync(`${folder}group1-shard1of2.bin`, bytes.subarray(0, half));
writeFileSync(`${folder}group1-shard2of2.bin`, bytes.subarray(half));
const write = (name, paths, weights) =>
  writeFileSync(
    `${folder}${name}.json`,
    JSON.stringify({
      modelTopology: saved.modelTopology,
      format: 'layers-model',
      weightsManifest: [{ paths, weights }],
    }),
  );
write('model', ['group1-shard1of2.bin', 'group1-shard2of2.bin'], saved.weightSpecs);

const decoded = {};
const decode = (name, data, specs) => {
  const found = tf.io.decodeWeights(data, specs);
  decoded[name] = Object.fromEntries(Object.entries(found).map(([key, t]) => [key, [...t.dataSync()]]));
};
decode('model', saved.weightData, saved.weightSpecs);

for (const dtype of ['uint8', 'uint16', 'float16']) {
  const parts = [];
  const specs = [];
  let at = 0;
  for (const { name, shape } of saved.weightSpecs) {
    const values = decoded.model[name];
    const min = Math.min(...values);
    const levels = dtype === 'uint8' ? 255 : 65535;
    const scale = (Math.max(...values) - min) / levels || 1;
    const codes = values.map(value => (dtype === 'float16' ? toHalf(value) : Math.round((value - min) / scale)));
    const array = dtype === 'uint8' ? Uint8Array.from(codes) : Uint16Array.from(codes);
    const part = new Uint8Array(array.buffer);
    parts.push(part);
    at += part.length;
    specs.push({
      name,
      shape,
      dtype: 'float32',
      quantization: dtype === 'float16' ? { dtype } : { dtype, scale, min, original_dtype: 'float32' },
    });
  }
  const data = Buffer.concat(parts, at);
  writeFileSync(`${folder}${dtype}.bin`, data);
  write(dtype, [`${dtype}.bin`], specs);
  decode(dtype, data.buffer.slice(data.byteOffset, data.byteOffset + data.length), specs);
}
writeFileSync(`${folder}decoded.json`, JSON.stringify(decoded));

/** Truncates: any half will do here. */
function toHalf(value) {
  const word = new Uint32Array(Float32Array.of(value).buffer)[0];
  const exponent = ((word >>> 23) & 255) - 112;
  if (exponent <= 0) return 0;
  return ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 1023);
}
