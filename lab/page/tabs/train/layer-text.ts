import type { LayerConfig } from '../../../../src/nn/index.ts';

/** A layer's options in a few words: '3 × 3, 8 filters, same, relu'. */
export function summary(config: LayerConfig): string {
  const { type } = config;
  const words: unknown[] = [];
  const pair = (value: unknown) => (Array.isArray(value) ? value.join(' × ') : `${value} × ${value}`);
  if (type === 'conv2d')
    words.push(`convolution ${pair(config.kernelSize)}`, `${config.filters} filters`, config.padding);
  else if (type === 'maxPool2d') words.push(`largest of ${pair(config.window)}`);
  else if (type === 'avgPool2d') words.push(`mean of ${pair(config.window)}`);
  else if (type === 'dense') words.push(`${config.units} units`);
  else if (type === 'dropout') words.push(`drops ${100 * Number(config.rate)} %`);
  else words.push(NAMES[type] ?? type);
  if (config.stride !== undefined && type === 'conv2d') words.push(`stride ${pair(config.stride)}`);
  if (config.activation !== undefined && config.activation !== 'linear') words.push(config.activation);
  if (typeof config.dropout === 'number') words.push(`drops ${100 * config.dropout} %`);
  return words.filter(word => word !== undefined).join(', ');
}

const NAMES: Readonly<Record<string, string>> = {
  flatten: 'all values in a row',
  globalAvgPool: 'mean of each map',
  batchNorm2d: 'batch normalisation',
  residual: 'block with a shortcut around it',
};
