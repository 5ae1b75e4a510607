import { type Shape, sizeOf } from '../kernels/spec.ts';
import { type BuiltLayer, totalFlops } from './layer.ts';
import { describeField } from './receptive-field.ts';

/** One layer of a model in figures. */
export interface LayerDescription {
  readonly name: string;
  readonly type: string;
  /** Of one example. */
  readonly outputShape: Shape;
  /** Trained numbers of this layer, without those of layers inside it. */
  readonly parameters: number;
  /** Numbers kept but not trained. */
  readonly state: number;
  /** Forward pass of one example, a multiply-add counting as two. */
  readonly flops: number;
  /** Part of the picture that one value of the output depends on: `7 x 7`, or `all`. */
  readonly receptiveField: string;
}

export interface ModelDescription {
  readonly name: string;
  readonly inputShape: Shape;
  readonly layers: readonly LayerDescription[];
  readonly parameters: number;
  readonly state: number;
  readonly flops: number;
}

/** Every layer that does something itself, in the order of the computation: containers follow what they contain. */
export function describeModel(name: string, root: BuiltLayer): ModelDescription {
  const layers = inOrder(root).map(describeLayer);
  const total = (part: 'parameters' | 'state') => layers.reduce((sum, layer) => sum + layer[part], 0);
  return {
    name,
    inputShape: root.input,
    layers,
    parameters: total('parameters'),
    state: total('state'),
    flops: totalFlops(root),
  };
}

function inOrder(layer: BuiltLayer): BuiltLayer[] {
  const inner = layer.children.flatMap(inOrder);
  const onlyContains = layer.children.length > 0 && layer.flops === 0;
  return onlyContains ? inner : [...inner, layer];
}

function describeLayer(layer: BuiltLayer): LayerDescription {
  const count = (role: 'parameter' | 'state') =>
    layer.parameters.reduce((sum, declared) => sum + (declared.role === role ? sizeOf(declared.shape) : 0), 0);
  return {
    name: layer.name || layer.type,
    type: layer.type,
    outputShape: layer.output,
    parameters: count('parameter'),
    state: count('state'),
    flops: layer.flops,
    receptiveField: describeField(layer.field),
  };
}

/** The description as a table of plain text. */
export function summaryTable(model: ModelDescription): string {
  const head = ['layer', 'type', 'output shape', 'parameters', 'FLOPs', 'sees'];
  const rows = model.layers.map(layer => [
    layer.name,
    layer.type,
    layer.outputShape.join(' x '),
    thousands(layer.parameters),
    thousands(layer.flops),
    layer.receptiveField,
  ]);
  const table = alignColumns([head, ...rows], [false, false, false, true, true, true]);
  const [title = '', ...lines] = table;
  const rule = '-'.repeat(Math.max(...table.map(line => line.length)));
  const state = model.state > 0 ? `, and ${thousands(model.state)} running statistics` : '';
  return [
    `${model.name}: input ${model.inputShape.join(' x ')}`,
    title,
    rule,
    ...lines,
    rule,
    `${thousands(model.parameters)} parameters${state}; ${thousands(model.flops)} FLOPs per image, forward`,
  ].join('\n');
}

function alignColumns(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths = right.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows.map(row =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** 241546 as 241,546, in every locale. */
function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
