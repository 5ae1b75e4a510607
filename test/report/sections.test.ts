import { describe, expect, it } from 'vitest';
import { answers } from '../../src/report/answers.ts';
import { comparisonHtml } from '../../src/report/compare-html.ts';
import { comparisonMarkdown } from '../../src/report/compare-markdown.ts';
import { completeComparison } from '../../src/report/complete.ts';
import { edgesOf, shownOf } from '../../src/report/edges.ts';
import { fromBase64, toBase64 } from '../../src/report/format.ts';
import { resultsJson } from '../../src/report/results-json.ts';
import { escapeMarkdown } from '../../src/report/section-markdown.ts';
import { calibrationSection } from '../../src/report/sections/calibration.ts';
import { duplicatesSection } from '../../src/report/sections/duplicates.ts';
import { edgesSection } from '../../src/report/sections/edges.ts';
import { robustnessSection } from '../../src/report/sections/robustness.ts';
import { besideSection, trialsSection } from '../../src/report/sections/runs.ts';
import { summarize } from '../../src/report/summary.ts';
import type { Comparison, RunResult } from '../../src/report/types.ts';
import { elements, parseXml } from '../support/xml.ts';
import { makeStudy } from './make-study.ts';

const study = makeStudy();
const models = summarize(study);
const answer = (id: string, comparison: Comparison = study) =>
  answers(comparison).find(({ question }) => question.id === id)!;

/** The study with each run of some rows made to give the right answer to so many of the first images, and no others. */
function withRight(comparison: Comparison, right: Readonly<Record<string, number>>): Comparison {
  const runs = comparison.runs.map((run): RunResult => {
    if (right[run.row] === undefined) return run;
    const labels = fromBase64(run.test.labels);
    const predictions = labels.map((label, i) => (i < right[run.row]! ? label : (label + 1) % 10));
    const accuracy = right[run.row]! / labels.length;
    return { ...run, test: { ...run.test, accuracy, predictions: toBase64(predictions) } };
  });
  return { ...comparison, runs };
}

describe('answers', () => {
  it('correct all contrasts of a comparison together', () => {
    const all = answers(study).flatMap(({ contrasts }) => contrasts);
    expect(all).toHaveLength(13);
    for (const { p, found, sentence } of all) {
      expect(p).toBeGreaterThanOrEqual(found.p);
      expect(sentence).toContain('after Holm’s correction for 13 comparisons');
    }
  });

  it('say with how many images which is ahead, as the results turn', () => {
    const turned = withRight(study, {
      ...{ 'vgg16@600': 500, 'cnn@600': 300, 'vgg16@2000': 500, 'cnn@2000': 500, 'vgg16@6000': 400, 'cnn@6000': 560 },
    });
    expect(answer('size', turned).together).toContain(
      'The VGG16 is ahead of the CNN with 600 images (33.3 points); the CNN is ahead of the VGG16 with 6,000 images (26.7 points); no difference beyond chance between the VGG16 and the CNN with 2,000 images (0.0 points).',
    );
  });

  it('take from convolution what does not go with the order of the pixels', () => {
    const right = { cnn: 560, mlp: 500, 'cnn+permuted': 500, 'mlp+permuted': 494 };
    expect(answer('convolution', withRight(study, right)).together).toMatch(
      /^Of what separates the two \(10.0 points with pictures as they are, 1.0 point with their pixels permuted\), 9.0 points go with/,
    );
    expect(answer('convolution', withRight(study, { ...right, 'cnn+permuted': 570 })).together).toContain(
      'it cannot come from looking at neighbours',
    );
    expect(answer('convolution', withRight(study, { ...right, cnn: 400 })).together).toMatch(
      /^The convolutions add nothing/,
    );
  });

  it('name the best cut, and leave the control out of the ranking', () => {
    const { together } = answer('cut', withRight(study, { 'vgg16-block2': 590, 'vgg16-random': 599 }));
    expect(together).toMatch(/^Best of 5 cuts is VGG16 cut behind block 2: /);
    expect(together).not.toContain('random');
  });

  it('wait for rows that have not run', () => {
    const half = { ...study, runs: study.runs.filter(({ row }) => row !== 'cnn+permuted') };
    expect(answer('convolution', half)).toMatchObject({ open: 1, together: '' });
    expect(answer('convolution', half).contrasts).toHaveLength(1);
    expect(comparisonMarkdown(half, 'c.svg')).toContain('One comparison waits for runs to come.');
  });
});

describe('sections', () => {
  const textOf = (section: { blocks: readonly unknown[] } | undefined) => JSON.stringify(section?.blocks);

  it('mark what a training contained', () => {
    const text = textOf(robustnessSection(models));
    // The VGG16 of the study is trained with shifts by up to 2 pixels.
    expect(text).toMatch(/\["shift 2 px","[\d.]+ %","[\d.]+ %","[\d.]+ % \*\*","[\d.]+ %"\]/);
    expect(text).toMatch(/\["shift 4 px","[\d.]+ %","[\d.]+ %","[\d.]+ % \*","[\d.]+ %"\]/);
    expect(text).toMatch(/\["noise 0.1"(,"[\d.]+ %"){4}\]/);
    expect(
      robustnessSection(models.map(m => ({ ...m, runs: m.runs.map(({ robustness: _, ...run }) => run) }))),
    ).toBeUndefined();
  });

  it('give accuracies without near-duplicates as counting them gives', () => {
    const [first] = models;
    const left = new Set([3, 40, 41]);
    const shares = first!.runs.map(({ test }) => {
      const [labels, predictions] = [fromBase64(test.labels), fromBase64(test.predictions)];
      const kept = [...labels.keys()].filter(i => !left.has(i));
      return kept.filter(i => labels[i] === predictions[i]).length / kept.length;
    });
    const expected = (100 * shares.reduce((a, b) => a + b)) / shares.length;
    const text = textOf(duplicatesSection(study.duplicates, [first!]));
    expect(text).toContain(`"${expected.toFixed(2)} %"]`);
    expect(text).toContain('2 of the 600 test pictures (0.33 %)');
    expect(text).toContain('0 to the pixel, 1 with another label. 3 have');
  });

  it('show what nobody gets right and what only one does, and say so in whole numbers', () => {
    const text = textOf(edgesSection(study, models));
    const { nobody, agreed, onlyOne } = edgesOf(models)!;
    expect(nobody).toEqual(expect.arrayContaining([0, 30, 60]));
    expect(agreed).toContain(60);
    expect(text).toContain(`Every run was wrong about ${nobody.length} of the 600 test images`);
    expect(text).toContain(`Only the ResNet-20: ${onlyOne[3]!.length}`);
    expect(onlyOne[3]).toContain(98);
    expect(text).toContain('"lines":["Trouser","called Dress');
    expect(text.match(/"picture"/g)!.length).toBe(
      shownOf({ nobody, agreed, onlyOne }).nobody.length +
        onlyOne.reduce((sum, own) => sum + Math.min(12, own.length), 0),
    );
    expect(edgesSection(study, models.slice(0, 1))).toBeUndefined();
  });

  it('say who is too sure, and show nothing after scaling where nothing was fitted', () => {
    expect(textOf(calibrationSection(models))).toMatch(/the MLP is [\d.]+ points too sure/);
    const unfitted = models.map(m => ({
      ...m,
      runs: m.runs.map(run => ({ ...run, test: { ...run.test, calibration: { plain: run.test.calibration!.plain } } })),
    }));
    const text = textOf(calibrationSection(unfitted));
    expect(text).not.toContain('Reliability after');
    expect(text).toContain('"n/a","n/a","n/a"');
  });

  it('say where the test set served as validation, and which settings were taken', () => {
    expect(textOf(besideSection(study))).toContain('Where the test set served as validation (CNN 91 %');
    const clean = { ...study, beside: study.beside!.map(figure => ({ ...figure, testWasValidation: false })) };
    expect(textOf(besideSection(clean))).not.toContain('Where the test set');
    expect(textOf(trialsSection(study))).toMatch(
      /0.001","85.00 %","9.0 s","not taken".*0.003","86.00 %","9.0 s","taken"/,
    );
  });
});

describe('the whole report', () => {
  it('is well-formed, needs nothing from elsewhere, and leaves no number out', () => {
    const page = comparisonHtml(study);
    const body = page.slice(page.indexOf('<body>'), page.indexOf('</body>') + 7);
    const root = parseXml(body.replace(/<(img|br)([^>]*)>/g, '<$1$2/>').replaceAll('&nbsp;', ' '));
    const titles = elements(root, 'h2').map(h => h.text);
    for (const title of [
      'Accuracy and what it costs',
      'Edge cases',
      'Changed pictures',
      'Near-duplicates',
      'Every run',
    ])
      expect(titles).toContain(title);
    expect(page).not.toMatch(/https?:|NaN|undefined|Infinity/);
    expect(page).toContain('weft repeat there --row');
  });

  it('says the same in Markdown', () => {
    const text = comparisonMarkdown(study, 'curves.svg');
    for (const { contrasts, together } of answers(study)) {
      expect(text).toContain(escapeMarkdown(together));
      for (const { sentence } of contrasts) expect(text).toContain(escapeMarkdown(sentence));
    }
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('with one seed speaks of this run and gives no verdict', () => {
    const one = makeStudy(1);
    for (const { sentence } of answers(one).flatMap(({ contrasts }) => contrasts)) {
      expect(sentence).toMatch(/in this run/i);
      expect(sentence).toContain('One seed is no verdict on the architectures');
    }
  });

  it('as JSON holds the class of every image, and none of the pictures', () => {
    const results = JSON.parse(resultsJson(study));
    expect(results.labels).toHaveLength(600);
    for (const [i, run] of study.runs.entries()) {
      expect(results.runs[i].test.predictions).toEqual([...fromBase64(run.test.predictions)]);
      expect(results.runs[i]).toMatchObject({ seed: run.seed, sha256: run.sha256, repeat: run.repeat });
    }
    expect(results.answers[0].contrasts[0]).toMatchObject({ first: 'cnn', second: 'mlp', over: 'seeds' });
    expect(JSON.stringify(results)).not.toContain('"pixels"');
  });
});

describe('what completes a comparison', () => {
  const images = Uint8Array.from({ length: 600 * 9 }, (_, i) => (i * 37) % 251);
  const shape = { height: 3, width: 3, channels: 1, classes: study.data.classes, name: 'x', sha256: '' };
  const test = { ...shape, images, labels: fromBase64(study.runs[0]!.test.labels), count: 600 };
  const dataSet = {
    name: 'x',
    where: 'x',
    test,
    train: { ...test, images: images.slice(0, 27), labels: test.labels.slice(0, 3), count: 3 },
  };

  it('finds duplicates once, and the pictures that are shown each time', () => {
    const { duplicates: _, ...fresh } = study;
    const complete = completeComparison(fresh, dataSet);
    expect(complete.duplicates!.pairs.slice(0, 3)).toEqual([0, 1, 2].map(i => [i, i, 0, 1]));
    expect(completeComparison(study, dataSet).duplicates).toBe(study.duplicates);
    const { nobody, onlyOne } = shownOf(edgesOf(models)!);
    expect(Object.keys(complete.pictures!).sort()).toEqual(
      [...new Set([...nobody, ...onlyOne.flat()])].map(String).sort(),
    );
    const unstarted = { ...fresh, runs: [] };
    expect(completeComparison(unstarted, dataSet)).toBe(unstarted);
  });
});
