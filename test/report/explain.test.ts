import { describe, expect, it } from 'vitest';
import { type ExplainReport, explainHtml } from '../../src/report/explain-html.ts';
import { cascadeSentence, curvesSentence, halfway, verdict } from '../../src/report/explain-texts.ts';
import { type CascadeStep, type DeletionInsertion, explainImage, findMethod, methods } from '../../src/study/index.ts';
import { IMAGE, network, pictures } from '../study/models.ts';

/** Steps of a map whose order correlates so with that of the trained network. */
const steps = (...ranks: number[]): CascadeStep[] =>
  ranks.map((rank, i) => ({
    layers: i === 0 ? [] : [`layer${ranks.length - i}`],
    all: i === ranks.length - 1,
    map: { shape: [1, 1], values: Float64Array.of(0) },
    trained: { rank, rankOfAll: 0, structure: 0 },
    edges: { rank: 0, rankOfAll: 0, structure: 0 },
  }));

const curves = (deletion: number, insertion = 0.5): DeletionInsertion => ({
  deletion: { area: deletion, probabilities: Float64Array.of(1, 0) },
  insertion: { area: insertion, probabilities: Float64Array.of(0, 1) },
});

describe('what the controls of an explanation say', () => {
  it('judges a map by what is left when the upper half has forgotten, or everything', () => {
    expect(verdict(steps(1, 0.9, 0.1, 0, 0.05))).toBe('forgets');
    expect(verdict(steps(1, 0.9, 0.4, 0, 0.05))).toBe('keeps part');
    expect(verdict(steps(1, 0.1, 0.1, 0, -0.4))).toBe('keeps part');
    expect(verdict(steps(1, 0.9, 0.8, 0, 0))).toBe('keeps its map');
    expect(halfway(steps(1, 0.9, 0.8, 0, 0)).trained.rank).toBe(0.8);
  });

  it('names the layers that forgot, and says what it means', () => {
    expect(cascadeSentence({ cascade: steps(1, 0.9, 0.85, 0.7, 0.6) })).toBe(
      'With random weights in layer4 and layer3, the order of its pixels correlates by 0.85 with that of the trained network; ' +
        'with random weights everywhere, by 0.60. That fails the test: it is a map of the picture, and of its first layers at ' +
        'most, whatever the others learned.',
    );
    expect(cascadeSentence({ cascade: steps(1, 0.1, -0.1) })).toMatch(/by −0\.10\. So it depends on what the network/);
  });

  it('calls an order better only where it is so, and by more than a little', () => {
    const controls = { random: curves(0.5), magnitude: curves(0.4), foreground: 9 };
    const said = (area: number) => curvesSentence({ curves: curves(area), method: findMethod('saliency') }, controls);
    expect(said(0.3)).toContain('fall faster than in random order, and faster than with the brightest first');
    expect(said(0.39)).toContain('faster than in random order, but no faster than with the brightest first');
    expect(said(0.49)).toContain('fall no faster than in random order');
    expect(said(0.6)).toContain('fall slower than in random order (mean on the way: 60 %, against 50 % and 40 %)');
  });
});

describe('the page of an explanation', () => {
  it('shows each map beside its control, the scale and the figures, and escapes names', async () => {
    using model = network('cnn');
    const image = pictures(IMAGE);
    const found = await explainImage(model, image, { methods, target: 2, batch: 64 });
    const report: ExplainReport = {
      ...found,
      ...{
        run: 'runs/cnn',
        title: 'cnn',
        created: '2026-11-29T08:00:00.000Z',
        command: 'weft explain',
        adapter: 'none',
      },
      ...{ image, imageName: 'a <b>.png', leftOut: [{ title: 'X-CAM', why: 'there is none' }] },
      top: [{ class: 'Bag', probability: 0.75 }],
      target: { index: 2, class: 'Bag & belt', probability: 0.2 },
    };
    const page = explainHtml(report);
    expect(page).toContain('<h1>Why Bag &#38; belt: a &#60;b&#62;.png</h1>');
    expect(page).toContain('<li>X-CAM: there is none.</li>');
    expect(page).not.toContain('It shows:');
    for (const { method, cascade, map } of found.explained) {
      expect(page).toContain(`<h2>${method.title}</h2>`);
      expect(page).toContain(cascadeSentence({ cascade }));
      expect(map.shape).toEqual([8, 8]);
    }
    // A picture with its map and its control for each, a grid for three, and one of each step: trained and three layers.
    expect(page.match(/<img /g)).toHaveLength(1 + methods.length * (3 + 4) + 3);
    expect(page.match(/class="bar diverging"/g)).toHaveLength(methods.filter(({ signed }) => signed).length);
    for (const tag of ['section', 'ul', 'li', 'table', 'div', 'p', 'span', 'b', 'i']) {
      const count = (pattern: string) => page.match(new RegExp(pattern, 'g'))?.length ?? 0;
      expect(count(`<${tag}[ >]`), tag).toBe(count(`</${tag}>`));
    }
  });
});
