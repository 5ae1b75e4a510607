import { type BuiltLayer, Dropout, Flatten, type Model, Sequential } from '../../../src/nn/index.ts';
import { describeField } from '../../../src/nn/receptive-field.ts';
import { type PlacedLayer, placedLayers } from '../../../src/study/arithmetic/index.ts';
import { PICTURE, type Station } from '../../station.ts';

/** All stations of a model. */
export function stationsOf(model: Model): Station[] {
  const placed = placedLayers(model);
  const source = resolver(placed);
  const shapeOf = (name: string) => (name === PICTURE ? model.inputShape : placed.get(name)!.built.output);
  const own = [...placed].filter(([name, { layer }]) => name !== PICTURE && !isContainer(layer) && !passesOn(layer));
  const sourcesOf = new Map(own.map(([name, { sources }]) => [name, sources.map(source)]));
  const usesOf = (name: string) => own.filter(([user]) => sourcesOf.get(user)!.includes(name)).map(([user]) => user);
  const signs = new Map([[PICTURE, false]]);
  const stations = own.map(([name, { layer, built }]): Station => {
    const { activation = 'linear' } = layer.options as { readonly activation?: string };
    const sources = sourcesOf.get(name)!;
    const signed = isSigned(
      built.type,
      activation,
      sources.some(from => signs.get(from)),
    );
    signs.set(name, signed);
    return {
      ...{ name, type: built.type, activation, shape: built.output, sources, uses: usesOf(name), signed },
      sees: describeField(built.field),
      kernel: kernelOf(built, shapeOf(sources[0]!)),
    };
  });
  const picture = { name: PICTURE, type: 'picture', activation: 'linear', shape: model.inputShape, sources: [] };
  return [{ ...picture, uses: usesOf(PICTURE), signed: false, sees: '', kernel: undefined }, ...stations];
}

const isContainer = (layer: PlacedLayer['layer']) => layer instanceof Sequential;
const passesOn = (layer: PlacedLayer['layer']) => layer instanceof Flatten || layer instanceof Dropout;

/** By the name of any layer, the station that has its values. */
function resolver(placed: ReadonlyMap<string, PlacedLayer>): (name: string) => string {
  const resolve = (name: string): string => {
    const found = placed.get(name);
    if (name === PICTURE || !found) return PICTURE;
    if (isContainer(found.layer)) return resolve(found.built.children.at(-1)?.name ?? found.sources[0]!);
    return passesOn(found.layer) ? resolve(found.sources[0]!) : name;
  };
  return resolve;
}

const RECTIFIED = ['relu', 'sigmoid', 'softmax'];
const POOLINGS = ['maxPool2d', 'avgPool2d', 'globalAvgPool'];

function isSigned(type: string, activation: string, signedBefore: boolean): boolean {
  if (RECTIFIED.includes(activation)) return false;
  return POOLINGS.includes(type) && activation === 'linear' ? signedBefore : true;
}

/** A dense layer's weights lie as the maps did that it takes: [H W C, units] is [H, W, C, units]. */
function kernelOf({ name, type, parameters }: BuiltLayer, input: readonly number[]): Station['kernel'] {
  const kernel = parameters.find(parameter => parameter.name === `${name}.kernel`);
  if (!kernel) return undefined;
  const [rows = 1, columns = 1, channels = 1] = input.length === 3 ? input : [1, 1, input[0]];
  const shape = type === 'conv2d' ? kernel.shape : [rows, columns, channels, kernel.shape[1]!];
  return { name: kernel.name, shape: shape as unknown as [number, number, number, number] };
}
