/** A second branch of the training, with one thing changed, beside the first. */
import { ValueError } from '../../../src/platform/errors.ts';
import { kernelsOf, type Side } from '../beside.ts';
import { featureMaps, filterSlices } from '../draw/grid.ts';
import type { Ground } from '../draw/palettes.ts';
import { Fork, type ForkChange } from '../fork.ts';
import type { Lab } from '../lab.ts';

export const inTurn = {
  /** What can be changed where training stands: filters, and the pictures that the next step learns from. */
  'fork.offers': ({ training, bench }: Lab, _: undefined) => {
    const { model, nextBatch, settings } = training.session;
    const { labels } = bench.pictures.packed.data;
    const { indices, rows } = nextBatch;
    const labelOf = (example: number) => settings.labels.get(example) ?? labels[example]!;
    const batch = Array.from(indices.subarray(0, rows), example => ({ example, label: labelOf(example) }));
    const kernels = kernelsOf(model).map(({ name, shape }) => ({ name, filters: shape[3]! }));
    return { batch, kernels, learningRate: settings.learningRate };
  },

  /** Brings both branches to where they were after so many steps. */
  'fork.goTo': async (lab: Lab, { step }: { step: number }) => await forkOf(lab).goTo(step),

  /** Makes the branch the training that everything is about. */
  'fork.keep': async (lab: Lab, _: undefined) => {
    const saved = await forkOf(lab).branch.save();
    const { isOwn } = lab.subject;
    const { network, isRun } = lab.state.model!;
    await lab.setModel(network, { saved, isOwn, isRun });
  },

  /** Gives the branch up; the original stands where it is. */
  'fork.drop': ({ subject, emit }: Lab, _: undefined) => {
    subject.fork?.[Symbol.dispose]();
    subject.fork = undefined;
    emit('fork', undefined);
  },
};

export const atOnce = {
  /** Begins a branch where training stands, in the place of an older one. */
  'fork.make': async (lab: Lab, { change }: { change: ForkChange }) => {
    await lab.training.rest();
    await lab.turns.take(async () => {
      const made = await Fork.make(lab, change);
      const { subject } = lab;
      subject.fork?.[Symbol.dispose]();
      subject.fork = made;
    });
  },

  /** Makes so many steps of both; answers when they are done, or when it was stopped. */
  'fork.run': async (lab: Lab, { steps }: { steps: number }) => await forkOf(lab).run(steps),

  'fork.stop': ({ subject }: Lab, _: undefined) => subject.fork?.stop(),

  /** Draws a layer's maps of the chosen picture, or a kernel, in one branch or its difference, now and as they change. */
  'fork.show': async (lab: Lab, { canvas, name, side, isKernel, signed, ground, ...grid }: SideView) => {
    const scene = () => {
      const { fork } = lab.subject;
      if (!fork || !(isKernel || lab.model.layerNames.includes(name))) return undefined;
      const tensor = fork.values(side, name);
      const maps = isKernel ? filterSlices(tensor.shape) : featureMaps(tensor.shape);
      const palette = signed || side === 'difference' ? 'diverging' : 'sequential';
      return { tensor, maps, grid, palette, range: 'all', ground } as const;
    };
    lab.canvases.show(canvas, scene, { beside: true });
    await lab.refreshSoon();
  },
};

function forkOf({ subject }: Lab): Fork {
  if (subject.fork) return subject.fork;
  throw new ValueError('fork: there is no branch; make one first');
}

/** One side of a comparison on a canvas. */
export interface SideView {
  readonly canvas: string;
  /** Of a layer, or of a convolution's kernel: 'conv1.kernel'. */
  readonly name: string;
  readonly isKernel: boolean;
  readonly side: Side;
  /** Whether values below zero are to be told from those above. */
  readonly signed: boolean;
  readonly columns: number;
  readonly scale: number;
  readonly gap: number;
  readonly ground: Ground;
}
