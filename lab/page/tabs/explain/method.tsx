import { useEffect, useState } from 'preact/hooks';
import { limitOf } from '../../../../src/report/colour-maps.ts';
import { minus } from '../../../../src/report/format.ts';
import type { HostArray } from '../../../../src/study/arrays.ts';
import type { Explanation } from '../../../../src/study/methods.ts';
import { compareMaps } from '../../../../src/study/similarity.ts';
import type { ExplainedMap, ForgetfulMap } from '../../../worker/explanations.ts';
import { percent } from '../../parts/format.ts';
import { ValuesCanvas } from '../../parts/values-canvas.tsx';
import { state } from '../../store.ts';
import { begun, explained, forget, layer, type MethodAbout, maps, nameOf, over } from './store.ts';

/** Rank correlation from which two maps are said to be alike: the order of one is half explained by the other's. */
const ALIKE = Math.SQRT1_2;

/** A way to explain: its maps by all networks, its control, and what they mean. */
export function MethodCard({ method }: { method: MethodAbout }) {
  const { titles = [], networks = [] } = begun.value ?? {};
  const found = networks.map((_, side) => maps.value[nameOf(side, method.name)]);
  const [first, second] = found.map(one => (one && 'map' in one ? one : undefined));
  const id = `method-${method.name.replaceAll('+', 'p')}`;
  return (
    <article class="method" aria-labelledby={id}>
      <h3 id={id}>
        {method.title} <small class="muted">{method.source}</small>
      </h3>
      <p>{method.shows}</p>
      <div class="shown">
        {titles.map((title, side) => {
          const one = found[side];
          if (one && 'problem' in one) {
            return (
              <p key={title} class="muted">
                {one.problem}.
              </p>
            );
          }
          return <Shown key={title} method={method} title={title} found={one} />;
        })}
        {!(found[0] && 'problem' in found[0]) && (
          <Shown method={method} title="random numbers" found={first?.control} isControl />
        )}
      </div>
      {first?.control && <Alike first={first} second={second} />}
      {(first?.control?.alike.rank ?? 0) >= ALIKE && (
        <p class="verdict">It changes little without what was learned: it shows the picture.</p>
      )}
      {first && <Forgetting method={method} />}
      <p class="muted limits">
        {method.limits}
        {first?.completeness && ` ${completeness(first.completeness)}`}
      </p>
    </article>
  );
}

/** An edge detector, which knows no network: what a map must differ from. */
export function EdgesCard({ edges }: { edges: HostArray }) {
  return (
    <article class="method" aria-labelledby="method-edges">
      <h3 id="method-edges">
        Edges <small class="muted">Sobel, 1968</small>
      </h3>
      <p>Where the picture itself changes: an edge detector, which knows no network and no class.</p>
      <div class="shown">
        <Figure title="no network" map={edges} signed={false} label="Edges of the picture" />
      </div>
      <p class="muted limits">A map that looks like this one may show the picture and nothing that was learned.</p>
    </article>
  );
}

function Shown({
  method,
  title,
  found,
  isControl = false,
}: {
  method: MethodAbout;
  title: string;
  found: Explanation | undefined;
  isControl?: boolean;
}) {
  if (!found) {
    return (
      <figure class="waiting">
        <div class="place" />
        <figcaption>{title}</figcaption>
      </figure>
    );
  }
  // A coarse grid is shown as it is, unless it has to lie over the picture.
  const map = method.needsMaps && !over.value ? (found.native ?? found.map) : found.map;
  const className = state.value.data?.classes[explained.value];
  return (
    <Figure
      title={title}
      map={map}
      signed={method.signed}
      label={`${method.title} for ${className}, ${isControl ? 'control with random numbers' : title}`}
    />
  );
}

/** The whole cascade, when it is wanted: from which layer on a map no longer knows what it shows. */
function Forgetting({ method }: { method: MethodAbout }) {
  const [steps, setSteps] = useState<readonly ForgetfulMap[]>();
  const [isOpen, setOpen] = useState(false);
  const { image, networks } = begun.value!;
  useEffect(() => {
    setSteps(undefined);
    if (isOpen) void forget(method).then(setSteps);
  }, [isOpen, image, networks[0]!.key, explained.value, layer.value]);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>as layers forget, the last first</summary>
      {isOpen && !steps && <p class="muted">…</p>}
      <ol class="cascade">
        {steps?.map((step, i) => (
          <li key={step.layers.join()}>
            <Shown
              method={method}
              title={`${['as learned', 'without '][i] ?? 'and '}${step.layers.join(', ')}`}
              found={step}
            />
            <p class="muted">alike: {minus(step.alike.rank.toFixed(2))}</p>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Figure({ title, map, signed, label }: { title: string; map: HostArray; signed: boolean; label: string }) {
  const isEmpty = map.values.every((value: number) => value === 0);
  const most = limitOf(map);
  const low = signed ? -most : 0;
  const [height, width] = map.shape;
  const isCoarse = width !== begun.value?.pixels.shape[1];
  return (
    <figure>
      <ValuesCanvas
        map={map}
        palette={signed ? 'diverging' : 'sequential'}
        range={[low, most]}
        label={`${label}: ${isEmpty ? '0 everywhere' : `${short(low)} to ${short(most)}`}`}
        over={over.value ? begun.value?.pixels : undefined}
      />
      {isEmpty ? (
        <div class="scale">0 everywhere: nothing here speaks for the class</div>
      ) : (
        <div class={`scale ${signed ? 'signed' : ''}`}>
          <span>{short(low)}</span>
          <i />
          <span>{short(most)}</span>
        </div>
      )}
      <figcaption>
        {title}
        {isCoarse && ` (${height} × ${width})`}
      </figcaption>
    </figure>
  );
}

/** How alike the map is to that of random numbers, to edges, and to the other network's. */
function Alike({ first, second }: { first: ExplainedMap; second: ExplainedMap | undefined }) {
  const random = first.control?.alike.rank ?? 0;
  const edges = first.edges?.rank ?? 0;
  return (
    <dl
      class="alike"
      title="Spearman's rank correlation of the sizes of the values, where the picture is not black: 1 is alike, 0 unrelated"
    >
      <Fact name="like random numbers" value={random} isControl />
      <Fact name="like edges" value={edges} isControl />
      {second && (
        <Fact
          name={`like ${begun.value!.titles[1]}`}
          value={compareMaps(begun.value!.pixels)(first.map, second.map).rank}
        />
      )}
    </dl>
  );
}

function Fact({ name, value, isControl = false }: { name: string; value: number; isControl?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isControl && value >= ALIKE ? 'much' : ''}>{minus(value.toFixed(2))}</dd>
    </div>
  );
}

function completeness({ sum, difference, error }: NonNullable<ExplainedMap['completeness']>): string {
  return `Here the shares add up to ${short(sum)} of ${short(difference)} (${percent(error)} off).`;
}

/** Three digits that count: 0.0123, 12.3, 1.2e-5. */
function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return minus(size >= 1e-3 && size < 1e4 ? String(Number(value.toPrecision(3))) : value.toExponential(1));
}
