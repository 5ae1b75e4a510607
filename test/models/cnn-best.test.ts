import { describe, expect, it } from 'vitest';
import { cnnBestLayers } from '../../src/models/cnn-best.ts';
import { findModel } from '../../src/models/index.ts';
import { Model, walk } from '../../src/nn/index.ts';
import { Engine } from '../../src/tensor/engine.ts';

const INPUT = { inputShape: [28, 28, 1] } as const;

describe('cnn-best', () => {
  it('stays below half a million parameters', () => {
    using model = new Model(Engine.reference(), findModel('cnn-best').build(), INPUT);
    expect(model.parameters.count).toBeLessThanOrEqual(500_000);
  });

  it('differs without its norms by their parameters and the biases that they make superfluous, and by nothing else', () => {
    using whole = new Model(Engine.reference(), cnnBestLayers(), INPUT);
    using bare = new Model(Engine.reference(), cnnBestLayers({ norm: false, dropout: 0 }), INPUT);
    const norms = 32 + 64 + 64 + 128 + 128;
    const biases = 64 + 64 + 128 + 128;
    expect(whole.parameters.count - bare.parameters.count).toBe(2 * norms - biases);
    const types = (model: Model) => new Set(walk(model.root).map(({ type }) => type));
    expect([...types(whole)].filter(type => !types(bare).has(type)).sort()).toEqual(['batchNorm2d', 'dropout']);
  });
});
