import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { initialValues } from '../../src/nn/initializers.ts';
import { BLOCK, type Declaration, ParameterSet } from '../../src/nn/parameters.ts';
import { FileError, ValueError } from '../../src/platform/errors.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { matmul } from '../../src/tensor/ops/index.ts';
import { gpuEngine } from '../support/engine.ts';

const parameter = (name: string, shape: number[], decay: boolean): Declaration => ({
  name,
  shape,
  initializer: decay ? 'glorotUniform' : 'ones',
  role: 'parameter',
  decay,
});

const DECLARATIONS: Declaration[] = [
  parameter('a.kernel', [9, 8], true),
  parameter('a.bias', [8], false),
  { name: 'norm.running_mean', shape: [70], initializer: 'zeros', role: 'state', decay: false },
  parameter('b.kernel', [8, 1], true),
];

const toySet = (engine = Engine.reference(), seed = 1) => new ParameterSet(engine, DECLARATIONS, seed);

describe('ParameterSet', () => {
  it('gives each parameter a segment of its own on a multiple of 256 bytes', async () => {
    using set = toySet();
    expect(set.segments.map(({ name, start, size }) => [name, start, size])).toEqual([
      ['a.kernel', 0, 72],
      ['a.bias', 2 * BLOCK, 8],
      ['b.kernel', 3 * BLOCK, 8],
    ]);
    for (const { start } of set.segments) expect((start * 4) % 256).toBe(0);
    expect(set.values.shape).toEqual([4 * BLOCK]);
    expect(set.state!.shape).toEqual([2 * BLOCK]);
    expect(set.count).toBe(88);
    const flat = await set.values.data();
    const kernel = initialValues('glorotUniform', [9, 8], 1, 'a.kernel');
    expect(Float32Array.from(flat.slice(0, 72))).toEqual(kernel);
    // Nothing may lie in the gaps: norms are taken over the whole flat tensor.
    expect([...flat.slice(72, 128), ...flat.slice(136, 192)].every(v => v === 0)).toBe(true);
    expect([...(await set.get('a.bias').data())]).toEqual(new Array(8).fill(1));
  });

  it('starts a parameter alike whatever stands beside it', async () => {
    using set = toySet();
    using alone = new ParameterSet(set.engine, [DECLARATIONS[3]!], 1);
    expect(await alone.get('b.kernel').data()).toEqual(await set.get('b.kernel').data());
  });

  it('describes every block to the optimizers', async () => {
    using set = toySet();
    expect(set.table.shape).toEqual([4, 2]);
    expect([...(await set.table.data())]).toEqual([1, 1, 1, 1, 1, 0, 1, 1]);
    expect(set.configure('a', { learningRateScale: 0.5 })).toEqual(['a.kernel', 'a.bias']);
    set.configure('b.kernel', { trainable: false });
    expect([...(await set.table.data())]).toEqual([0.5, 1, 0.5, 1, 0.5, 0]);
    expect(set.segments.map(({ trainable }) => trainable)).toEqual([true, true, false]);
    expect(() => set.configure('c', { decay: true })).toThrow("parameters: nothing matches 'c'; there are a.kernel");
    expect(() => set.configure('a', { learningRateScale: Number.NaN })).toThrow(ValueError);
  });

  it.each(['reference', 'gpu'])('collects gradients in one flat tensor (%s)', async where => {
    const engine = where === 'gpu' ? await gpuEngine() : Engine.reference();
    using set = toySet(engine);
    void set.gradients;
    await engine.scope(async () => {
      const x = engine.tensor(new Array(9).fill(2), [1, 9]);
      const loss = () => matmul(matmul(x, set.get('a.kernel')), set.get('b.kernel'));
      set.backward(loss());
      const b = await set.get('b.kernel').data();
      const flat = await set.gradients.data();
      for (let i = 0; i < 72; i++) expect(flat[i]).toBeCloseTo(2 * b[i % 8]!, 6);
      expect([...flat.slice(72, 192)].every(v => v === 0)).toBe(true);
      expect([...flat.slice(192, 200)].every(v => v !== 0)).toBe(true);
      expect([...(await set.gradient('b.kernel').data())]).toEqual([...flat.slice(192, 200)]);

      // What is frozen has no gradient; what is not part of the loss holds none of an earlier step.
      set.configure('b', { trainable: false });
      set.backward(loss());
      expect(set.gradients.shape).toEqual([3 * BLOCK]);
      expect(await set.gradient('a.kernel').data()).toEqual(flat.slice(0, 72));
      expect(() => set.gradient('b.kernel')).toThrow("'b.kernel' has no gradient; it is frozen");
      set.configure('b', { trainable: true });
      set.backward(matmul(engine.tensor(new Array(8).fill(1), [1, 8]), set.get('b.kernel')));
      expect([...(await set.gradient('a.kernel').data())].every(v => v === 0)).toBe(true);
      expect([...(await set.gradient('b.kernel').data())]).toEqual(new Array(8).fill(1));
    });
  });

  it.each(['reference', 'gpu'])('moves what is frozen out of the way, and back (%s)', async where => {
    const engine = where === 'gpu' ? await gpuEngine() : Engine.reference();
    const live = () => (where === 'gpu' ? engine.gpu.device.buffers.stats.live : 0);
    const before = live();
    const set = toySet(engine);
    const values = async () => Object.fromEntries([...(await set.read())].map(([name, { data }]) => [name, data]));
    const [flat, all, file] = [await set.values.data(), await values(), await set.save()];
    expect(set.frozen).toBeUndefined();
    set.configure('a', { trainable: false });
    expect(set.segments.map(({ name, start }) => [name, start])).toEqual([
      ['a.kernel', 0],
      ['a.bias', 2 * BLOCK],
      ['b.kernel', 0],
    ]);
    expect([set.frozen!.shape, set.values.shape]).toEqual([[3 * BLOCK], [BLOCK]]);
    expect([set.get('a.kernel').tracked, set.get('b.kernel').tracked]).toEqual([false, true]);
    const moment = set.zerosLike('moment');
    expect(moment.shape).toEqual([BLOCK]);
    expect(await values()).toEqual(all);
    expect(await set.save()).toEqual(file);
    expect(set.flats.map(({ name }) => name)).toEqual(['parameters', 'frozen parameters']);
    set.configure('b', { trainable: false });
    expect(await values()).toEqual(all);
    set.configure(() => true, { trainable: true });
    expect(set.frozen).toBeUndefined();
    expect(await set.values.data()).toEqual(flat);
    moment.dispose();
    set[Symbol.dispose]();
    expect(live()).toBe(before);
  });

  it('outlives the scope it was made in and gives all memory back', async () => {
    const engine = await gpuEngine();
    const before = engine.gpu.device.buffers.stats.live;
    const set = engine.scope(() => {
      const made = toySet(engine);
      void made.gradients;
      return { made };
    }).made;
    expect(await set.get('a.bias').data()).toEqual(Float32Array.from(new Array(8).fill(1)));
    set[Symbol.dispose]();
    expect(engine.gpu.device.buffers.stats.live).toBe(before);
  });

  it('saves and loads by name, bit for bit', async () => {
    const engine = await gpuEngine();
    using from = toySet(engine, 1);
    using to = toySet(engine, 2);
    from.get('norm.running_mean').write(Float32Array.from({ length: 70 }, (_, i) => Math.fround(Math.sin(i))));
    const bytes = await from.save({ epoch: '3' });
    expect(await to.save({ epoch: '3' })).not.toEqual(bytes);
    to.load(readSafetensors(bytes, 'm'));
    expect(await to.save({ epoch: '3' })).toEqual(bytes);
    expect(readSafetensors(bytes, 'm').metadata).toEqual({ epoch: '3' });
  });

  it('refuses a file that does not fit, names all that is wrong, and changes nothing', async () => {
    using set = toySet();
    const before = await set.save();
    const floats = (n: number) => new Float32Array(n).fill(5);
    const wrong = writeSafetensors({
      'a.kernel': { shape: [8, 9], data: floats(72) },
      'a.bias': { shape: [8], data: Uint32Array.from(floats(8)) },
      'b.kernel': { shape: [8, 1], data: floats(8) },
      'head.kernel': { shape: [1], data: floats(1) },
    });
    const load = () => set.load(readSafetensors(wrong, 'runs/x/model.safetensors'));
    expect(load).toThrow(FileError);
    expect(load).toThrow(/^runs\/x\/model\.safetensors: does not fit the model/);
    for (const part of [
      "'head.kernel' is left over",
      "'a.kernel' is [8, 9], the model has [9, 8]",
      "'a.bias' is U32, parameters are floats",
      "'norm.running_mean' [70] is missing",
    ]) {
      expect(load).toThrow(part);
    }
    expect(await set.save()).toEqual(before);
  });

  it('names a parameter that does not exist or stands twice', () => {
    using set = toySet();
    expect(() => set.get('a.weights')).toThrow("parameters: there is no 'a.weights'; there are a.kernel, a.bias");
    expect(() => set.gradient('norm.running_mean')).toThrow(ValueError);
    const twice = [...DECLARATIONS, parameter('norm.running_mean', [3], false)];
    expect(() => new ParameterSet(set.engine, twice, 1)).toThrow("'norm.running_mean' is declared twice");
  });
});
