import { FileError } from '../../../src/index.ts';
import type { ModelConfig } from '../../../src/nn/index.ts';
import { methods } from '../../../src/study/methods.ts';
import type { MapRequest, Which } from '../explanations.ts';
import type { Lab } from '../lab.ts';

/** A file of the reader's. */
export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const JOB = 'explain';

export const inTurn = {
  /** Keeps the network as it is, to be explained beside others later. */
  'explain.keep': async (lab: Lab, _: undefined) => await lab.explanations.keep(lab),

  /** Keeps a network from files: a safetensors file, and a run's config.json where its architecture is another. */
  'explain.load': async (lab: Lab, { files }: { files: readonly OwnFile[] }) => {
    const weights = files.find(({ name }) => name.endsWith('.safetensors'));
    const config = files.find(({ name }) => name.endsWith('.json'));
    if (!weights) {
      throw new FileError(
        `${files.map(({ name }) => name).join(', ')}: choose a .safetensors file, or also config.json`,
      );
    }
    return await lab.explanations.load(lab, weights.bytes, weights.name, config && architectureIn(config));
  },

  /** Takes the chosen picture and these networks as they are now: what `explain.map` is asked about. */
  'explain.begin': async (lab: Lab, { which }: { which: readonly Which[] }) => await lab.explanations.begin(lab, which),

  /** One map of a picture and a network that were begun with. */
  'explain.map': async (lab: Lab, request: MapRequest) => await lab.explanations.map(lab, request, lab.jobs.start(JOB)),

  /** The same map as the network's layers forget one after the other, the last first. */
  'explain.forget': async (lab: Lab, request: MapRequest) =>
    await lab.explanations.forget(lab, request, lab.jobs.start(JOB)),
};

export const atOnce = {
  /** The ways to explain a picture, without their functions. */
  'explain.methods': (_: Lab, __: undefined) => methods.map(({ explain: _explain, ...about }) => about),

  /** Ends the map that is being computed. */
  'explain.stop': (lab: Lab, _: undefined) => lab.jobs.stop(JOB),
};

/** Of a run's config.json, or of a model's own. @throws FileError */
function architectureIn({ name, bytes }: OwnFile): ModelConfig {
  try {
    const found = JSON.parse(new TextDecoder().decode(bytes)) as ModelConfig & { readonly model?: ModelConfig };
    return found.model ?? found;
  } catch (cause) {
    throw new FileError(`${name}: not JSON, or damaged; take the config.json of a run`, { cause });
  }
}
