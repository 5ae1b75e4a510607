import { type LayerRanks, layerRanks, type RankOf } from '../../study/layer-ranks.ts';
import { barChart } from '../charts.ts';
import { type Block, charts, muted, text } from '../document.ts';
import { count } from '../format.ts';
import type { Study, Subject } from './study.ts';

interface RankResult {
  readonly images: string;
  readonly trained: readonly LayerRanks[];
  /** With random weights. */
  readonly untrained: readonly LayerRanks[];
}

/** How many directions each layer uses of those it has. */
export const rank: Study<RankResult> = {
  name: 'rank',
  title: 'Effective rank',
  describe: 'how many directions weights and outputs of each layer really use, beside those of random weights',
  run: study,
  section,
};

async function study({ run, unseen, signal }: Subject): Promise<RankResult> {
  const trained = await layerRanks(run.model, unseen.images, { signal });
  const untrained = await layerRanks(await run.untrained(), unseen.images, { signal });
  return { images: `${count(unseen.images.count)} ${unseen.what}`, trained, untrained };
}

function section({ images, trained, untrained }: RankResult): Block[] {
  const shown = (one: RankOf | undefined) => (one ? one.rank.toFixed(1) : '');
  return [
    text(
      'The effective rank is the number of directions that a matrix uses if all used ones counted alike: exp of the entropy of ' +
        `its singular values (Roy and Vetterli, 2007). Outputs are those at places in ${images}, around their mean. The ` +
        'control has random weights, and sees the same images.',
    ),
    {
      kind: 'table',
      name: 'Effective rank',
      head: ['Layer', 'Weights', 'random', 'at most', 'Outputs', 'with random weights', 'at most'],
      rows: trained.map(({ layer, weights, activations }, i) => {
        const control = untrained[i]!;
        return [
          ...[layer, shown(weights), shown(control.weights), weights ? count(weights.most) : ''],
          ...[shown(activations), shown(control.activations), count(activations.most)],
        ];
      }),
    },
    charts(
      barChart({
        title: 'Directions that the outputs use, of those there are',
        groups: trained.map(({ layer }) => layer),
        series: [
          { name: 'this network', colour: 0, values: trained.map(shareOf) },
          { name: 'random weights', colour: 1, values: untrained.map(shareOf) },
        ],
      }),
    ),
    muted(
      'Of the last layer of ten classes it cannot be above ten, and the mean of its outputs takes one away where they add up to the same.',
    ),
  ];
}

const shareOf = ({ activations: { rank, most } }: LayerRanks) => rank / most;
