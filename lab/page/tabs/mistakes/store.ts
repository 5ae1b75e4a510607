/** What the network made of the pictures, and which of them are shown. */
import { computed, signal } from '@preact/signals';
import { confusionMatrix } from '../../../../src/train/metrics.ts';
import type { Examined } from '../../../protocol.ts';
import type { Part } from '../../../worker/handlers/mistakes.ts';
import { ask, hear } from '../../client.ts';
import { attempt, state } from '../../store.ts';

export const part = signal<Part>('validation');
export const examined = signal<Examined | undefined>(undefined);
/** While pictures are looked at. */
export const progress = signal<{ readonly done: number; readonly total: number } | undefined>(undefined);

/** Undefined lets all pass. */
export interface Filter {
  readonly actual: number | undefined;
  readonly predicted: number | undefined;
  /** Whether those that were recognised are shown too. */
  readonly right: boolean;
}

export const filter = signal<Filter>({ actual: undefined, predicted: undefined, right: false });

export const ORDERS = {
  loss: 'largest loss first',
  sure: 'surest first',
  unsure: 'least sure first',
} as const;
export type Order = keyof typeof ORDERS;
export const order = signal<Order>('loss');

/** From 0. */
export const sheet = signal(0);

hear('examined', value => {
  if (progress.value) progress.value = value;
});

/** Looks at the pictures with the network as it is now. */
export async function find(): Promise<void> {
  const { data } = state.value;
  if (!data || progress.value) return;
  const sizes = { train: data.train, validation: data.validation, all: data.train + data.validation };
  progress.value = { done: 0, total: sizes[part.value] };
  await attempt('The pictures could not be looked at', async () => {
    examined.value = await ask('mistakes.find', { part: part.value });
    sheet.value = 0;
  });
  progress.value = undefined;
}

export function show(change: Partial<Filter>): void {
  filter.value = { ...filter.value, ...change };
  sheet.value = 0;
}

/** Shows the pictures of one cell of the confusion matrix. */
export function showCell(actual: number, predicted: number): void {
  show({ actual, predicted, right: actual === predicted || filter.value.right });
}

export const matrix = computed(() => {
  const classes = state.value.data?.classes.length ?? 0;
  const { labels = [], predictions = [] } = examined.value ?? {};
  return confusionMatrix(labels, predictions, classes);
});

/** Elements of what was examined, as they are shown: those that pass the filter, in order. */
export const rows = computed(() => {
  if (!examined.value) return [];
  const { labels, predictions, losses, confidences } = examined.value;
  const { actual, predicted, right } = filter.value;
  const passing = Array.from(labels.keys()).filter(
    i =>
      (right || labels[i] !== predictions[i]) &&
      (actual === undefined || labels[i] === actual) &&
      (predicted === undefined || predictions[i] === predicted),
  );
  const orders: Record<Order, (a: number, b: number) => number> = {
    loss: (a, b) => losses[b]! - losses[a]!,
    sure: (a, b) => confidences[b]! - confidences[a]!,
    unsure: (a, b) => confidences[a]! - confidences[b]!,
  };
  return passing.sort(orders[order.value]);
});
