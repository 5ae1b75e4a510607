/** What can be set of each kind of layer, and what a new one begins with. */
import type { LayerConfig } from '../../../../src/nn/index.ts';

/** One option as a form shows it. */
export type Field =
  | {
      readonly option: string;
      readonly label: string;
      readonly low: number;
      readonly high: number;
      readonly step: number;
    }
  | { readonly option: string; readonly label: string; readonly choices: readonly (string | number)[] };

interface Kind {
  readonly title: string;
  /** What names of new ones begin with. */
  readonly stem: string;
  readonly fresh: Readonly<Record<string, unknown>>;
  readonly fields: readonly Field[];
}

const count = (option: string, label: string, high: number): Field => ({ option, label, low: 1, high, step: 1 });
const share = (option: string): Field => ({ option, label: 'drops', low: 0, high: 0.9, step: 0.05 });
const activation: Field = {
  option: 'activation',
  label: 'activation',
  choices: ['linear', 'relu', 'leakyRelu', 'gelu', 'sigmoid', 'tanh', 'silu'],
};
const padding: Field = { option: 'padding', label: 'padding', choices: ['same', 'valid'] };
const window = count('window', 'window', 8);

export const KINDS: Readonly<Record<string, Kind>> = {
  conv2d: {
    title: 'Convolution',
    stem: 'conv',
    fresh: { filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' },
    fields: [
      count('filters', 'filters', 512),
      { option: 'kernelSize', label: 'kernel', choices: [1, 2, 3, 4, 5, 7, 9, 11] },
      { option: 'stride', label: 'stride', choices: [1, 2, 3, 4] },
      padding,
      activation,
    ],
  },
  maxPool2d: { title: 'Max pooling', stem: 'pool', fresh: { window: 2 }, fields: [window, share('dropout')] },
  avgPool2d: { title: 'Mean pooling', stem: 'pool', fresh: { window: 2 }, fields: [window] },
  batchNorm2d: { title: 'Batch normalisation', stem: 'norm', fresh: {}, fields: [activation] },
  activation: { title: 'Activation', stem: 'act', fresh: { activation: 'relu' }, fields: [activation] },
  dropout: { title: 'Dropout', stem: 'dropout', fresh: { rate: 0.25 }, fields: [share('rate')] },
  flatten: { title: 'Flatten', stem: 'flatten', fresh: {}, fields: [] },
  globalAvgPool: { title: 'Mean of each map', stem: 'mean', fresh: {}, fields: [] },
  dense: {
    title: 'Dense',
    stem: 'dense',
    fresh: { units: 64, activation: 'relu' },
    fields: [count('units', 'units', 2048), activation, share('dropout')],
  },
};

/** A new layer of that kind, with a name that none of the others has. */
export function freshLayer(type: string, others: readonly LayerConfig[]): LayerConfig {
  const { stem, fresh } = KINDS[type]!;
  const taken = new Set(others.map(({ name }) => name));
  let number = 1;
  while (taken.has(`${stem}${number}`)) number++;
  return { type, name: `${stem}${number}`, ...fresh };
}

/** What the option is: as it was set, or what holds when nothing is said. */
export function optionOf(config: LayerConfig, { option, ...field }: Field): string | number {
  const value = config[option];
  if (Array.isArray(value)) return value[0] as number;
  if (typeof value === 'string' || typeof value === 'number') return value;
  const unsaid: Readonly<Record<string, string | number>> = {
    stride: 1,
    padding: 'valid',
    activation: 'linear',
    dropout: 0,
  };
  return unsaid[option] ?? ('low' in field ? field.low : field.choices[0]!);
}

/** The layer with an option set; a share of 0 is left out, so that nothing is dropped there at all. */
export function withOption(config: LayerConfig, option: string, value: string | number): LayerConfig {
  const { [option]: _, ...others } = config;
  return (option === 'dropout' && value === 0 ? others : { ...config, [option]: value }) as LayerConfig;
}
