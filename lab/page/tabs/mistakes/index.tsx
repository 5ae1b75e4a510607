import { useEffect } from 'preact/hooks';
import { accuracyOf, confusedPairs } from '../../../../src/train/metrics.ts';
import type { Part } from '../../../worker/handlers/mistakes.ts';
import { ask } from '../../client.ts';
import { Confusion } from '../../parts/confusion.tsx';
import { percent, thousands } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { momentName, state } from '../../store.ts';
import { Gallery } from './gallery.tsx';
import './mistakes.css';
import {
  examined,
  filter,
  find,
  matrix,
  ORDERS,
  type Order,
  order,
  part,
  progress,
  rows,
  sheet,
  show,
  showCell,
} from './store.ts';

export function Mistakes() {
  const { model, training } = state.value;
  useEffect(() => {
    // Of a network that has learned nothing yet there is nothing to be seen.
    if (!examined.value && ((training?.step ?? 0) > 0 || model?.origin === 'file')) void find();
  }, []);
  if (!model) return <p class="page muted">…</p>;
  return (
    <div class="page mistakes">
      <Bar />
      {examined.value && examined.value.labels.length > 0 ? <Found /> : <Empty />}
    </div>
  );
}

/** What is looked at, and what came of it in figures. */
function Bar() {
  const { data, training } = state.value;
  const found = examined.value;
  const step = training?.step ?? 0;
  return (
    <section class="looked-at" aria-label="Pictures that are looked at" data-tour="mistakes">
      <label class="field">
        <span class="caption">pictures</span>
        <select
          value={part.value}
          disabled={progress.value !== undefined}
          onChange={({ currentTarget }) => {
            part.value = currentTarget.value as Part;
          }}
        >
          <option value="validation">held back ({thousands(data?.validation ?? 0)})</option>
          <option value="train">learned from ({thousands(data?.train ?? 0)})</option>
          <option value="all">all</option>
        </select>
      </label>
      {progress.value ? (
        <Progress
          label={`${thousands(progress.value.done)} of ${thousands(progress.value.total)} pictures`}
          {...progress.value}
          onStop={() => void ask('mistakes.stop')}
        />
      ) : (
        <button type="button" class="primary" onClick={() => void find()}>
          {found ? 'Look again' : 'Find mistakes'}
        </button>
      )}
      {found && <Figures />}
      {found && found.step !== step && !progress.value && (
        <p class="muted stale" role="note">
          As of {momentName(found.step)}; the network is at step {thousands(step)} now.
        </p>
      )}
    </section>
  );
}

function Figures() {
  const { labels, losses, total, step } = examined.value!;
  const count = labels.length;
  const accuracy = accuracyOf(matrix.value);
  const figures = [
    ['looked at', count < total ? `${thousands(count)} of ${thousands(total)}` : thousands(count)],
    ['mistakes', thousands(Math.round(count * (1 - accuracy)))],
    ['accuracy', percent(accuracy)],
    ['mean loss', (losses.reduce((a, b) => a + b, 0) / Math.max(count, 1)).toFixed(3)],
    ['network', momentName(step)],
  ] as const;
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Empty() {
  return (
    <p class="empty muted">
      Runs pictures that the network has not learned from through it, and shows the worst mistakes first: what they are,
      what they were taken for, and how sure it was. Train it for a while before. Training may go on meanwhile.
    </p>
  );
}

function Found() {
  const classes = state.value.data?.classes ?? [];
  const { actual, predicted, right } = filter.value;
  const chosen = actual !== undefined && predicted !== undefined ? ([actual, predicted] as const) : undefined;
  return (
    <div class="found">
      <div class="side">
        <section aria-labelledby="pairs-title">
          <h2 id="pairs-title">Most often confused</h2>
          <Pairs classes={classes} />
        </section>
        <section aria-labelledby="matrix-title">
          <h2 id="matrix-title">What is taken for what</h2>
          <p class="muted">Rows are what the pictures are. A cell shows its pictures.</p>
          <Confusion matrix={matrix.value} classes={classes} chosen={chosen} onChoose={showCell} />
        </section>
      </div>
      <section aria-labelledby="gallery-title">
        <h2 id="gallery-title">
          {right ? 'Pictures' : 'Mistakes'} <span class="muted">{thousands(rows.value.length)}</span>
        </h2>
        <div class="form filters">
          <ClassFilter label="is a" value={actual} classes={classes} onChange={value => show({ actual: value })} />
          <ClassFilter
            label="taken for"
            value={predicted}
            classes={classes}
            onChange={value => show({ predicted: value })}
          />
          <label class="field">
            <span class="caption">order</span>
            <select
              value={order.value}
              onChange={({ currentTarget }) => {
                order.value = currentTarget.value as Order;
                sheet.value = 0;
              }}
            >
              {Object.entries(ORDERS).map(([name, title]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          <label class="check">
            <input type="checkbox" checked={right} onChange={() => show({ right: !right })} />
            also those that it got right
          </label>
          {(actual !== undefined || predicted !== undefined) && (
            <button type="button" onClick={() => show({ actual: undefined, predicted: undefined })}>
              All classes
            </button>
          )}
        </div>
        <Gallery />
      </section>
    </div>
  );
}

/** Pairs in the list. */
const PAIRS = 6;

/** The pairs of classes that are most often taken for each other. */
function Pairs({ classes }: { classes: readonly string[] }) {
  const pairs = confusedPairs(matrix.value, classes, PAIRS);
  const most = pairs[0]?.count ?? 1;
  if (pairs.length === 0) return <p class="muted">None: all are right.</p>;
  return (
    <ol class="pairs">
      {pairs.map(({ actual, predicted, count }) => (
        <li key={`${actual} ${predicted}`} style={{ '--share': (count / most).toFixed(3) }}>
          <button type="button" onClick={() => showCell(classes.indexOf(actual), classes.indexOf(predicted))}>
            <span>
              {actual} <span class="muted">taken for {predicted}</span>
            </span>
            <b>{count}</b>
          </button>
        </li>
      ))}
    </ol>
  );
}

function ClassFilter({
  label,
  value,
  classes,
  onChange,
}: {
  label: string;
  value: number | undefined;
  classes: readonly string[];
  onChange: (value: number | undefined) => void;
}) {
  return (
    <label class="field">
      <span class="caption">{label}</span>
      <select
        value={value ?? ''}
        onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? undefined : Number(currentTarget.value))}
      >
        <option value="">any class</option>
        {classes.map((name, k) => (
          <option key={name} value={k}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
