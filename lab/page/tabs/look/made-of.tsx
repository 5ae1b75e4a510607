import type { Station } from '../../../station.ts';
import type { Made, Norm } from '../../../worker/look/pixel.ts';
import { boxAt, boxOf, single } from './geometry.ts';
import { bySize, type Group, groupByMap } from './group.ts';
import { pick, stations, titleOf, walkTo } from './look.ts';
import { Maps, placeText } from './maps.tsx';
import { NumberGrid } from './number-grid.tsx';
import { exact } from './numbers-text.ts';
import { useShown } from './shown.tsx';

type Sum = Extract<Made, { kind: 'sum' }>;

/** Side of the two maps between which a value came about, in pixels. */
const SIDE = 168;
/** Maps, or terms, that are written out at first. */
const [FEW_MAPS, FEW_TERMS] = [3, 8];

/** The sum behind a value, written out. */
export function MadeOf({ made, owner, at }: { made: Made; owner: Station; at: readonly number[] }) {
  if (made.kind === 'other') return <p class="muted">It cannot be written out as a sum: {made.reason}.</p>;
  const groups = groupByMap(made);
  return (
    <>
      <FromTo made={made} groups={groups} owner={owner} at={at} />
      <Equation made={made} owner={owner} />
      {groups.length > 0 ? (
        <Groups key={owner.name} made={made} groups={groups} owner={owner} />
      ) : (
        <Terms made={made} />
      )}
    </>
  );
}

/** The map that adds most, and the map of the value: from which window to which place. */
function FromTo({
  made,
  groups,
  owner,
  at,
}: {
  made: Sum;
  groups: readonly Group[];
  owner: Station;
  at: readonly number[];
}) {
  const [group] = groups;
  const source = group && stations.value.find(({ name }) => name === made.sources[group.input]!.station);
  if (!group || !source) return null;
  const from = single(source, group.channel, SIDE);
  const channel = from.count === 1 && from.first === 0 ? 0 : group.channel;
  const window = boxOf(from, channel, group.rows, group.columns);
  const to = owner.shape.length === 3 ? single(owner, at[2]!, SIDE) : undefined;
  const toTitle = `${titleOf(owner.name)}, map ${at[2]}`;
  return (
    <div class="from-to">
      <figure>
        <Maps
          station={source}
          layout={from}
          label={`${titleOf(source.name)}, map ${group.channel}`}
          at={undefined}
          marks={window ? [window] : []}
          onPick={next => walkTo({ station: source.name, at: next })}
        />
        <figcaption>
          {titleOf(source.name)}, map {group.channel}
        </figcaption>
      </figure>
      {to && boxAt(to, at) && (
        <>
          <span class="arrow" aria-hidden="true">
            →
          </span>
          <figure>
            <Maps
              station={owner}
              layout={to}
              label={toTitle}
              at={at}
              onPick={next => pick({ station: owner.name, at: next })}
            />
            <figcaption>{toTitle}</figcaption>
          </figure>
        </>
      )}
    </div>
  );
}

/** products + bias = sum -> activation -> value, in the words of the layer. */
function Equation({ made: { arithmetic, norm }, owner }: { made: Sum; owner: Station }) {
  const { terms, bias, sum, activation, result } = arithmetic;
  const products = terms.reduce((total, { product }) => total + product, 0);
  const isPooling = owner.type === 'maxPool2d';
  if (isPooling) {
    const winner = terms.find(({ weight }) => weight === 1);
    return (
      <p class="equation">
        <Part caption={`largest of ${terms.length}`} value={sum} />
        {winner && (
          <span class="muted">
            from row {winner.at[0]}, column {winner.at[1]}
          </span>
        )}
        <After activation={activation} result={result} />
      </p>
    );
  }
  if (norm) return <Normalised norm={norm} x={terms[0]!.value} sum={sum} activation={activation} result={result} />;
  const caption = owner.type === 'residual' ? 'both ways added' : countOf(owner.type, terms.length);
  return (
    <p class="equation">
      {terms.length === 1 && terms[0]!.weight === 1 ? (
        <Part caption="value before" value={products} />
      ) : (
        <Part caption={caption} value={products} />
      )}
      {owner.kernel && (
        <>
          <i>+</i>
          <Part caption="bias" value={bias} />
          <i>=</i>
          <Part caption="sum" value={sum} />
        </>
      )}
      <After activation={activation} result={result} />
    </p>
  );
}

function countOf(type: string, count: number): string {
  return type === 'avgPool2d' || type === 'globalAvgPool' ? `mean of ${count}` : `sum of ${count} products`;
}

function After({ activation, result }: { activation: string; result: number }) {
  if (activation === 'linear') return null;
  return (
    <>
      <i>→</i>
      <Part caption={activation === 'relu' ? 'ReLU: max(0, sum)' : activation} value={result} />
    </>
  );
}

function Part({ caption, value }: { caption: string; value: number }) {
  return (
    <span class="part">
      <b>{exact(value)}</b>
      <small>{caption}</small>
    </span>
  );
}

function Normalised(props: { norm: Norm; x: number; sum: number; activation: string; result: number }) {
  const { norm, x, sum, activation, result } = props;
  const { gamma, beta, mean, variance, epsilon } = norm;
  return (
    <>
      <p class="equation">
        <Part caption="γ" value={gamma} />
        <i>× (</i>
        <Part caption="x" value={x} />
        <i>−</i>
        <Part caption="running mean" value={mean} />
        <i>) / √(</i>
        <Part caption="running variance" value={variance} />
        <i>+</i>
        <Part caption="ε" value={epsilon} />
        <i>) +</i>
        <Part caption="β" value={beta} />
        <i>=</i>
        <Part caption="sum" value={sum} />
        <After activation={activation} result={result} />
      </p>
      <p class="muted">In use it takes running statistics; a training step takes those of its batch.</p>
    </>
  );
}

/** Map by map: values times weights. */
function Groups({ made, groups, owner }: { made: Sum; groups: readonly Group[]; owner: Station }) {
  const { shown, more } = useShown(groups, FEW_MAPS);
  const terms = made.arithmetic.terms;
  const most = {
    value: largest(terms.map(({ value }) => value)),
    weight: largest(terms.map(({ weight }) => weight)),
    product: largest(terms.map(({ product }) => product)),
  };
  const share = Math.max(...groups.map(({ sum }) => Math.abs(sum)), 1e-30);
  return (
    <>
      <ol class="groups">
        {shown.map(group => (
          <li key={`${group.input} ${group.channel}`}>
            <GroupRow
              group={group}
              source={made.sources[group.input]!.station}
              owner={owner}
              most={most}
              share={share}
            />
          </li>
        ))}
      </ol>
      {more}
    </>
  );
}

type Most = Readonly<Record<'value' | 'weight' | 'product', number>>;

function GroupRow(props: { group: Group; source: string; owner: Station; most: Most; share: number }) {
  const { group, source, owner, most, share } = props;
  const { channel, rows, columns, terms, sum } = group;
  const title = `${titleOf(source)}, map ${channel}`;
  const isPooling = owner.type === 'maxPool2d';
  const isPlain = isPooling || owner.kernel === undefined;
  const cells = (part: keyof Most) =>
    terms.map(row => row.map(term => term && { value: term[part], mark: isPooling && term.weight === 1 }));
  const isBare = !isPlain && columns.length > 5;
  const onPick = (y: number, x: number) => walkTo({ station: source, at: [rows[y]!, columns[x]!, channel] });
  return (
    <>
      <p class="group">
        <span>{title}</span>
        {!isPooling && <b class={sum < 0 ? 'below' : 'above'}>{exact(sum)}</b>}
        {!isPooling && <Bar value={sum} most={share} />}
      </p>
      <div class="product">
        <NumberGrid cells={cells('value')} most={most.value} label="values" isBare={isBare} onPick={onPick} />
        {!isPlain && (
          <>
            <i>×</i>
            <NumberGrid cells={cells('weight')} most={most.weight} label="weights" isBare={isBare} />
            <i>=</i>
            <NumberGrid cells={cells('product')} most={most.product} label="products" />
          </>
        )}
      </div>
    </>
  );
}

/** From the middle to the left for less than nothing, to the right for more. */
function Bar({ value, most }: { value: number; most: number }) {
  const share = Math.min(1, Math.abs(value) / most).toFixed(3);
  return <span class={`lean ${value < 0 ? 'below' : 'above'}`} style={{ '--share': share }} aria-hidden="true" />;
}

/** The largest of many products, where values lie in a row. */
function Terms({ made: { sources, arithmetic } }: { made: Sum }) {
  const sorted = bySize(arithmetic.terms);
  const { shown, more } = useShown(sorted, FEW_TERMS);
  return (
    <>
      <table class="terms">
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">value</th>
            <th scope="col">× weight</th>
            <th scope="col">= product</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ input, at, value, weight, product }) => (
            <tr key={`${input} ${at}`}>
              <th scope="row">
                <button type="button" class="link" onClick={() => walkTo({ station: sources[input]!.station, at })}>
                  {titleOf(sources[input]!.station)}, {placeText(at)}
                </button>
              </th>
              <td>{exact(value)}</td>
              <td>{exact(weight)}</td>
              <td class={product < 0 ? 'below' : 'above'}>{exact(product)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  );
}

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
