import { describe, expect, it } from 'vitest';
import { type Network, networkOf } from '../../lab/network.ts';
import { fromParams, toParams } from '../../lab/page/share.ts';
import { offers } from '../../lab/worker/recipes.ts';

const INPUT = [28, 28, 1];
const backFrom = async (params: Record<string, string>) => await fromParams(new URLSearchParams(params), offers, INPUT);

describe('a network in the address', () => {
  it('is a name and a seed where it is one that is offered', async () => {
    const { config, training } = offers[1]!;
    const params = await toParams({ config, training, seed: 7 }, offers);
    expect(params).toEqual({ net: 'mlp', seed: '7' });
    expect(await backFrom(params)).toEqual({ config, training, seed: 7 });
  });

  it('is short and comes back as it was where it is one’s own', async () => {
    const layers = [
      { type: 'conv2d', name: 'conv1', filters: 12, kernelSize: 5, activation: 'gelu' },
      { type: 'flatten' },
    ];
    const training = { optimizer: 'sgd', batch: 64, learningRate: 0.05 } as const;
    const own: Network = { config: networkOf('own', INPUT, layers), training, seed: 2 };
    const params = await toParams(own, offers);
    expect(params.own).toMatch(/^[\w-]{50,300}$/);
    expect(await backFrom(params)).toEqual(own);
  });

  it('keeps an offered one whose training was changed', async () => {
    const { config, training } = offers[0]!;
    const changed = { config, training: { ...training, batch: 128 }, seed: 1 };
    const found = await backFrom(await toParams(changed, offers));
    expect(found?.training).toEqual(changed.training);
    expect(found?.config.layer).toEqual(config.layer);
  });

  it('is none where the address names none', async () => {
    expect(await backFrom({})).toBeUndefined();
  });

  it.each([
    [{ net: 'magic' }, /there is no network 'magic'; there are small, mlp/],
    [{ net: 'cnn', seed: '-1' }, /its seed is '-1'/],
    [{ own: 'bm90IHBhY2tlZA' }, /./],
  ])('is refused when it is damaged: %o', async (params, message) => {
    await expect(backFrom(params)).rejects.toThrow(message);
  });

  it('is refused when it unpacks to more than any network', async () => {
    const layers = Array.from({ length: 3000 }, () => ({ type: 'conv2d', filters: 1, kernelSize: 1 }));
    const { training } = offers[0]!;
    const { own } = await toParams({ config: networkOf('own', INPUT, layers), training, seed: 1 }, offers);
    expect(own!.length).toBeLessThan(2000);
    await expect(backFrom({ own: own! })).rejects.toThrow('it is too large');
  });
});
