// A contender that multiplies matrices in the plainest way, or does something else, as its first argument says.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , kind] = process.argv;
const floats = path => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

function product({ work, inputs }, folder) {
  const { m, n, k } = work.shape;
  const [a, b] = [floats(inputs.a.path), floats(inputs.b.path)];
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      out[i * n + j] = sum;
    }
  // Behind the rows that the reference computes, so that only the comparison with the others finds it.
  if (kind === 'wrong below') out[m * n - 1] += 100;
  if (kind === 'wrong') out[0] += 100;
  const path = `${folder}/out.f32`;
  writeFileSync(path, new Uint8Array(out.buffer));
  return { outputs: { out: path } };
}

function answer(request) {
  if (request.do === 'open') return { version: '1', device: 'abacus' };
  if (request.do === 'check') return product(request.task, request.folder);
  if (request.do === 'time') return { milliseconds: request.calls * 20, processor: request.calls * 30 };
  return {};
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (kind === 'dies' && request.do === 'prepare') {
    console.error('out of beads');
    process.exit(3);
  }
  if (kind === 'stuck' && request.do === 'prepare') continue;
  console.log('a line of the framework itself');
  const reply = kind === 'cannot' && request.do === 'check' ? { unsupported: 'no product here' } : answer(request);
  process.stdout.write(`@weft-bench ${JSON.stringify(reply)}\n`);
}
