/** The tour as data: what is said, of which part of the page, and what there is to do. */
import { PICTURE } from '../../station.ts';
import { ask } from '../client.ts';
import { attempt, state } from '../store.ts';
import { explain, explained, target } from '../tabs/explain/store.ts';
import { measureStep, times } from '../tabs/kernels/store.ts';
import { choose, chosen, LOSS, pick, place, station, stations, what } from '../tabs/look/look.ts';
import { examined, find } from '../tabs/mistakes/store.ts';
import { load, vgg16 } from '../tabs/vgg16/store.ts';

export interface TourStep {
  readonly title: string;
  /** Two to four sentences, for who knows what a function is. */
  readonly text: string;
  /** Id of the tab that it is about, and the part of that tab: the one with this `data-tour`. */
  readonly tab: string;
  readonly target: string;
  /** What it cannot do without. */
  readonly needs?: Need;
  /** Makes the page show what the text is about; called once, when the target is there. */
  readonly prepare?: () => void;
  readonly action: {
    /** What the reader is asked to do. */
    readonly text: string;
    /** Does it for the reader. */
    readonly perform: () => unknown;
    /** Has another value when it has been done, by whomever. */
    readonly watched: () => unknown;
    /** Whether `perform` can do it; default always. */
    readonly isPossible?: () => boolean;
  };
}

/** What a step may need; `isMet` says no only when it is known that it is not there. */
export const NEEDS = {
  training: {
    words: 'training, and so WebGPU',
    isMet: () => state.value.engine.status !== 'missing' || state.value.training !== undefined,
  },
  gpu: { words: 'WebGPU', isMet: () => state.value.engine.status !== 'missing' },
  convolution: {
    words: 'a network with a convolution',
    isMet: () => state.value.model?.layers.some(({ config }) => config.type === 'conv2d') ?? true,
  },
} as const;
export type Need = keyof typeof NEEDS;

/** Training steps that are made when the reader has them made. */
const SOME_STEPS = 20;

export const steps: readonly TourStep[] = [
  {
    title: 'A picture is a grid of numbers',
    text:
      'To a network, a picture is a grid of numbers, from 0 for black to 1 for white. The network is a function: the grid ' +
      'goes in, and one number for each class comes out. The bars show these as shares, and the line at the left marks the ' +
      'true class. A network that has learned nothing can only guess.',
    tab: 'train',
    target: 'picture',
    action: {
      text: 'Choose the next picture with ›.',
      perform: nextPicture,
      watched: () => JSON.stringify(state.value.image),
    },
  },
  {
    title: 'A convolution looks for a pattern',
    text:
      'This layer, a convolution, has small grids of numbers, its weights. Each grid slides over the picture; at every ' +
      'place it multiplies each weight by the number under it and adds up the products. Where the picture resembles the ' +
      'grid, the sum is large. All these sums together are a new picture, a map: one for each grid.',
    tab: 'look',
    target: 'maps',
    needs: 'convolution',
    prepare: chooseConvolution,
    action: { text: 'Choose a value in one of the maps.', perform: pickAnother, watched: () => place.value },
  },
  {
    title: 'One value, written out',
    text:
      'Here is the value that was chosen, with every number that made it: what was under the grid, times the weights, added ' +
      'up, and one more number, the bias. ReLU comes last: it turns everything below zero into 0. A network is nothing but ' +
      'a great many of such small sums.',
    tab: 'look',
    target: 'story',
    prepare: () => {
      if (!place.value) pickAnother();
    },
    action: {
      text: 'Choose another value of the map, and compare.',
      perform: pickAnother,
      watched: () => place.value,
    },
  },
  {
    title: 'From the picture to the classes',
    text:
      'The layers stand in a row, and each works on the maps of the one before it. Pooling keeps only the largest value of ' +
      'each small window: maps become smaller, and each value sees more of the picture. The last layer gives a number for ' +
      'each class, and softmax turns those into shares that add up to 1.',
    tab: 'look',
    target: 'strip',
    action: { text: 'Choose “loss”, the last in the row.', perform: () => choose(LOSS), watched: () => chosen.value },
  },
  {
    title: 'Learning is many small corrections',
    text:
      'At first all weights are random numbers. The loss measures how wrong the network is on a few pictures, a batch; 0 ' +
      'would be perfect. Then every weight is moved a little to where the loss becomes smaller. That is one step, and ' +
      'training is thousands of them.',
    tab: 'train',
    target: 'transport',
    needs: 'training',
    action: {
      text: 'Press “One step” a few times, or the round button, and watch the loss.',
      perform: trainOn,
      watched: () => state.value.training?.step,
    },
  },
  {
    title: 'The gradient says which way',
    text:
      'How does training know where to move? For every number in the network, the gradient tells how the loss would change ' +
      'if that number were a little larger. It is computed backwards, from the loss through all the layers. With “Gradients”, ' +
      'the maps show it: orange where a larger value would make the loss fall, blue where it would rise.',
    tab: 'look',
    target: 'maps',
    prepare: chooseConvolution,
    action: {
      text: 'Press “Gradients” above the maps.',
      perform: () => {
        what.value = what.value === 'gradients' ? 'values' : 'gradients';
      },
      watched: () => what.value,
    },
  },
  {
    title: 'Why does it say that?',
    text:
      'Each map colours the pixels by what they do for the answer, and each method means something else by that. Beside it ' +
      'stands its control: the same method on a network of random numbers. Where the two look alike, the map shows the ' +
      'picture, and not what was learned.',
    tab: 'explain',
    target: 'methods',
    action: {
      text: 'Choose another class in the list “What it is taken for”: what speaks for that one?',
      perform: explainAnother,
      watched: () => target.value,
    },
  },
  {
    title: 'Look at the mistakes',
    text:
      'A network is to be good at pictures that it has never seen. Some are held back from training for that, and here are ' +
      'those that it gets wrong, the worst first, with what it took them for. A single figure of accuracy hides all this: ' +
      'look whether you would have known better.',
    tab: 'mistakes',
    target: 'mistakes',
    action: { text: 'Press the blue button to find them.', perform: find, watched: () => examined.value },
  },
  {
    title: 'What the GPU does',
    text:
      'A GPU computes thousands of numbers at a time. To it, one training step is this list of small programs, kernels, run ' +
      'one after the other; each row of the list is one run. Choose a row, and its program is shown below.',
    tab: 'kernels',
    target: 'step',
    needs: 'gpu',
    action: {
      text: 'Press “Measure the times”: which one takes longest?',
      perform: measureStep,
      watched: () => times.value,
    },
  },
  {
    title: 'The same, only larger',
    text:
      'VGG16 is made of the same layers as the small network: 13 convolutions, trained on 1.2 million photos. Its first maps ' +
      'show edges and colours, the later ones larger patterns and parts of things. That was the tour; “Tour” at the top of ' +
      'the page starts it again.',
    tab: 'vgg16',
    target: 'vgg16',
    action: {
      text: 'Load its weights, and give it a photo of yours.',
      perform: load,
      watched: () => vgg16.value.weights.status,
      isPossible: () => {
        const { weights } = vgg16.value;
        return weights.status === 'none' && weights.served !== undefined;
      },
    },
  },
];

function nextPicture(): void {
  const { data, image } = state.value;
  if (!data) return;
  const index = image?.kind === 'data' ? image.index + 1 : data.train;
  void attempt('That picture cannot be shown', () =>
    ask('image.choose', { index: index % (data.train + data.validation) }),
  );
}

/** Looks at a layer of weights: the first convolution where there is one and no other is looked at. */
function chooseConvolution(): void {
  if (station.value?.type === 'conv2d') return;
  const first = stations.value.find(({ type }) => type === 'conv2d') ?? stations.value.find(({ kernel }) => kernel);
  choose(first?.name ?? PICTURE);
}

/** Chooses a value: in the middle of the first map, or the one behind the chosen one. */
function pickAnother(): void {
  const before = place.value;
  const found = stations.value.find(({ name }) => name === (before?.station ?? chosen.value));
  if (!found) return;
  const [rows = 1, columns = 1] = found.shape;
  if (found.shape.length !== 3) {
    pick({ station: found.name, at: [((before?.at[0] ?? -1) + 1) % rows] });
    return;
  }
  const [y, x, channel] = before?.at ?? [Math.floor(rows / 2), Math.floor(columns / 2) - 1, 0];
  pick({ station: found.name, at: [y!, (x! + 1) % columns, channel!] });
}

function trainOn(): void {
  if (state.value.training?.running) return;
  void attempt('Training stopped', () => ask('train.run', { steps: SOME_STEPS }));
}

function explainAnother(): void {
  target.value = (explained.value + 1) % (state.value.data?.classes.length ?? 1);
  void explain();
}
