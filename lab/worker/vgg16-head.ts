import { type Engine, Model, nn, type RunConfig, readSafetensors, type Shape } from '../../src/index.ts';
import type { LayerConfig } from '../../src/nn/index.ts';
import { browserFiles } from '../../src/platform/browser.ts';
import { RunFolder } from '../../src/train/run-folder.ts';
import { layersOf } from '../network.ts';
import { describeSite } from './open.ts';

/** Dense layers that a run trained on blocks of VGG16, which kept what they had learned on ImageNet. */
export interface Head {
  /** The last block that it stands on, from 1. */
  readonly cut: number;
  /** Of the pictures that it was trained with. */
  readonly size: number;
  readonly resize: string;
  readonly classes: readonly string[];
  /** The model of the head alone. @param input what the last block gives for one picture. */
  make(engine: Engine, input: Shape): Model;
}

/** Of the run that the lab was started with; undefined where there is none, or it is of another kind. */
export async function findHead(): Promise<Head | undefined> {
  if ((await describeSite()).run === undefined) return undefined;
  const run = new RunFolder(browserFiles, 'run');
  const config = await run.readConfig();
  const found = partsOf(config);
  if (!found) return undefined;
  const file = readSafetensors(await run.readModel(), 'run/model.safetensors');
  const { preprocess, blocks, head } = found;
  return {
    cut: blocks.length,
    size: Number(preprocess.size),
    resize: String(preprocess.resize),
    classes: config.data.classes,
    make(engine, inputShape) {
      const layer = new nn.Sequential({ layers: [nn.layerFromJSON(head)] });
      const model = new Model(engine, layer, { name: 'head', inputShape });
      try {
        model.parameters.loadPart('head', { ...file, tensors: inside(file.tensors, 'head.') });
        return model;
      } catch (error) {
        model[Symbol.dispose]();
        throw error;
      }
    },
  };
}

function inside<T>(tensors: ReadonlyMap<string, T>, prefix: string): ReadonlyMap<string, T> {
  const found = Array.from(tensors).filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The parts of a network as the recipes named vgg16 have them, if all blocks of it are frozen. */
function partsOf({ model, training, weights }: RunConfig) {
  const [preprocess, base, head] = layersOf(model);
  if (weights !== 'vgg16-imagenet' || preprocess?.type !== 'preprocess' || head?.name !== 'head') return undefined;
  const blocks = (base?.layers ?? []) as readonly LayerConfig[];
  const isFrozen = blocks.every(({ name }) => training.frozen?.includes(`base.${name}`));
  return isFrozen ? { preprocess, blocks, head } : undefined;
}
