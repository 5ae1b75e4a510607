import { describe, expect, it } from 'vitest';
import { relu } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

describe('where a tensor lies', () => {
  it('is told with what was recorded for it submitted, so that passes of one’s own read its values', async () => {
    const engine = await gpuEngine();
    const flat = engine.tensor(Float32Array.from({ length: 128 }, (_, i) => i - 100));
    const part = engine.segment(flat, 64, [4, 16]);
    const y = relu(part);
    const { buffer, offset, size } = engine.gpu.locate(y.view);
    expect(size).toBe(256);
    const bytes = await engine.gpu.device.read(buffer, offset, size);
    expect(Array.from(new Float32Array(bytes))).toEqual(Array.from(await y.data()));
    expect(engine.gpu.locate(part.view).offset - engine.gpu.locate(flat.view).offset).toBe(256);
    for (const tensor of [y, part, flat]) tensor.dispose();
    expect(() => engine.gpu.locate(y.view)).toThrow(/has been freed/);
  });
});
