import { describe, expect, it } from 'vitest';
import { withDropoutApart, withoutDropout } from '../../bench/inputs.ts';
import type { NetworkConfig } from '../../bench/peers/peer.ts';

const network: NetworkConfig = {
  layers: {
    type: 'sequential',
    layers: [
      { type: 'maxPool2d', name: 'pool', window: 2, dropout: 0.25 },
      { type: 'dense', name: 'dense', units: 8 },
      { type: 'dropout', name: 'drop', rate: 0.5 },
    ],
  },
  optimizer: { name: 'adam', learningRate: 1e-3, momentum: 0 },
};

describe('the architecture for contenders', () => {
  it('has dropout as layers of its own, with the rate of the layer in front', () => {
    const { layers } = withDropoutApart(network).layers as { layers: Record<string, unknown>[] };
    expect(layers).toEqual([
      { type: 'maxPool2d', name: 'pool', window: 2 },
      { type: 'dropout', name: 'pool_dropout', rate: 0.25 },
      { type: 'dense', name: 'dense', units: 8 },
      { type: 'dropout', name: 'drop', rate: 0.5 },
    ]);
  });

  it('has none at all where results are compared, whoever drops out', () => {
    for (const given of [network, withDropoutApart(network)]) {
      const text = JSON.stringify(withoutDropout(given));
      expect(text).not.toMatch(/"(rate|dropout)":0\.[1-9]/);
    }
  });
});
