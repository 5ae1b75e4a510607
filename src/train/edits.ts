import type { Examples } from '../data/examples.ts';
import type { DropoutRates, Model } from '../nn/index.ts';
import { ValueError } from '../platform/errors.ts';

/**
 * A change made to a training while it runs. It is part of the training's history and is made again whenever that is
 * replayed: after `step` steps, before the next one.
 */
export type Edit = LearningRateEdit | DropoutEdit | ParameterEdit | LabelEdit;

/** Gives the schedule another largest learning rate; with 'constant' it is the rate of every step from then on. */
export interface LearningRateEdit {
  readonly kind: 'learningRate';
  readonly step: number;
  readonly value: number;
}

/** Gives one layer of `model.dropouts`, or all of them, another rate. */
export interface DropoutEdit {
  readonly kind: 'dropout';
  readonly step: number;
  readonly layer?: string;
  /** From 0 up to but not including 1. */
  readonly rate: number;
}

/** Overwrites values of a parameter, of a filter for instance. The optimizer's moments stay as they are. */
export interface ParameterEdit {
  readonly kind: 'parameter';
  readonly step: number;
  /** Of the parameter: 'conv1.kernel'. */
  readonly name: string;
  /** Places of the values in the parameter, row-major; default: all of it. See {@link filterPlaces}. */
  readonly at?: readonly number[];
  readonly values: readonly number[];
}

/** Gives an example of the data another label. */
export interface LabelEdit {
  readonly kind: 'label';
  readonly step: number;
  readonly example: number;
  readonly label: number;
}

/** Places in a kernel [..., filters] of the weights of one filter. @throws ValueError when it has no such filter. */
export function filterPlaces(shape: readonly number[], filter: number): number[] {
  const filters = shape[shape.length - 1] ?? 0;
  if (!Number.isInteger(filter) || filter < 0 || filter >= filters) {
    throw new ValueError(`filter ${filter}: a kernel [${shape.join(', ')}] has the filters 0 to ${filters - 1}`);
  }
  const weights = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  return Array.from({ length: weights }, (_, i) => i * filters + filter);
}

/** @throws ValueError when it cannot be made to this model and data. */
export function checkEdit(edit: Edit, model: Model, data: Examples): void {
  const { kind, step } = edit;
  const problem = isPlace(step, Number.MAX_SAFE_INTEGER)
    ? problemOf(edit, model, data)
    : 'steps are whole numbers from 0';
  if (problem) throw new ValueError(`edit '${kind}' at step ${step}: ${problem}`);
}

function problemOf(edit: Edit, model: Model, data: Examples): string | undefined {
  switch (edit.kind) {
    case 'learningRate': {
      const { value } = edit;
      return value > 0 && Number.isFinite(value) ? undefined : `value is ${value}; it must be a positive number`;
    }
    case 'dropout':
      return problemOfDropout(edit, Object.keys(model.dropouts));
    case 'parameter':
      return problemOfParameter(edit, model);
    case 'label': {
      const [examples, classes] = [data.count, data.classes.length];
      if (!isPlace(edit.example, examples)) return `there is no example ${edit.example}; there are ${examples}`;
      return isPlace(edit.label, classes) ? undefined : `there is no class ${edit.label}; there are ${classes}`;
    }
    default:
      return 'there is no such kind; there are learningRate, dropout, parameter and label';
  }
}

function problemOfDropout({ layer, rate }: DropoutEdit, layers: readonly string[]): string | undefined {
  if (!(rate >= 0 && rate < 1)) return `rate is ${rate}; it must be from 0 up to but not including 1`;
  if (layers.length === 0) return 'the model has no dropout; build it with one, of rate 0 perhaps';
  if (layer === undefined || layers.includes(layer)) return undefined;
  return `'${layer}' is no layer that drops; there are ${layers.join(', ')}`;
}

function problemOfParameter({ name, at, values }: ParameterEdit, { parameters }: Model): string | undefined {
  const segment = parameters.segments.find(one => one.name === name);
  if (!segment)
    return `there is no parameter '${name}'; there are ${parameters.segments.map(one => one.name).join(', ')}`;
  const { size } = segment;
  const count = at?.length ?? size;
  if (values.length !== count) return `'${name}' gets ${values.length} values for ${count} places`;
  if (at && !at.every(place => isPlace(place, size))) return `'${name}' has the places 0 to ${size - 1}, row-major`;
  const fits = values.every(value => Number.isFinite(Math.fround(value)));
  return fits ? undefined : `a value for '${name}' is not finite in float32`;
}

const isPlace = (place: number, count: number) => Number.isInteger(place) && place >= 0 && place < count;

/** What edits come to that are settings, not values of the model. */
export interface Settings {
  readonly learningRate: number;
  readonly dropout: DropoutRates;
  /** By example. */
  readonly labels: ReadonlyMap<number, number>;
}

/** The settings that hold after these edits, one after the other. */
export function settingsAfter(edits: readonly Edit[], learningRate: number, dropouts: DropoutRates): Settings {
  const found = { learningRate, dropout: { ...dropouts }, labels: new Map<number, number>() };
  for (const edit of edits) {
    if (edit.kind === 'learningRate') found.learningRate = edit.value;
    else if (edit.kind === 'label') found.labels.set(edit.example, edit.label);
    else if (edit.kind === 'dropout') {
      for (const layer of edit.layer === undefined ? Object.keys(dropouts) : [edit.layer]) {
        found.dropout[layer] = edit.rate;
      }
    }
  }
  return found;
}
