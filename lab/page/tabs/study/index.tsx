import { useEffect } from 'preact/hooks';
import { BLOCK_CSS } from '../../../../src/report/style.ts';
import { CHART_CSS } from '../../../../src/report/svg.ts';
import type { StudyAbout } from '../../../study/protocol.ts';
import { BesideSelect } from '../../parts/beside-select.tsx';
import { duration } from '../../parts/format.ts';
import { Progress } from '../../parts/progress.tsx';
import { offerRun } from '../../shelf.ts';
import { momentName, state } from '../../store.ts';
import {
  about,
  beside,
  chooseImages,
  findings,
  IMAGES,
  images,
  isStale,
  list,
  run,
  running,
  save,
  stop,
  studies,
} from './store.ts';
import './study.css';

/** Findings are parts of a report, and look like it. */
const CSS = `${CHART_CSS} .findings { ${BLOCK_CSS} }`;

export function Study() {
  useEffect(() => {
    void list();
    // A page without a run has none to offer.
    offerRun().catch(() => {});
  }, []);
  const { model, engine } = state.value;
  if (!model) return <p class="page muted">…</p>;
  if (engine.status === 'missing') return <Missing />;
  return (
    <div class="page study">
      <style>{CSS}</style>
      <Bar />
      <p class="muted">
        What <code>weft study</code> asks of a finished run, asked of the network as it is now. Each study stands beside
        its control, most often the same network with random weights. They look at a copy, in a worker of their own:
        training may go on meanwhile.
      </p>
      {studies.value.map(one => (
        <One key={one.name} study={one} />
      ))}
    </div>
  );
}

function Missing() {
  return (
    <p class="page muted">
      The studies need WebGPU, which this browser does not give. On the command line <code>weft study</code> does them
      too, and the findings about the CNN of this project are in docs/study.md.
    </p>
  );
}

/** What is studied, and with what. */
function Bar() {
  const busy = running.value !== undefined;
  const { model, training } = state.value;
  const step = training?.step ?? 0;
  return (
    <section class="looked-at" aria-label="What is studied" data-tour="study">
      <label class="field">
        <span class="caption">pictures of each kind</span>
        <select
          value={images.value}
          disabled={busy}
          onChange={({ currentTarget }) => chooseImages(Number(currentTarget.value))}
        >
          {IMAGES.map(count => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </select>
      </label>
      <BesideSelect
        value={beside.value}
        disabled={busy}
        onChoose={chosen => {
          beside.value = chosen;
        }}
      />
      <button type="button" disabled={busy} onClick={() => void run(studies.value.map(({ name }) => name))}>
        Do all
      </button>
      <button type="button" disabled={busy || Object.keys(findings.value).length === 0} onClick={() => void save()}>
        Save as a page
      </button>
      {isStale.value && (
        <p class="muted stale" role="note">
          Found of {about.value!.run}; the network is {model!.network.config.name}, {momentName(step)} now.
        </p>
      )}
    </section>
  );
}

function One({ study: { name, title, describe } }: { study: StudyAbout }) {
  const found = findings.value[name];
  const now = running.value;
  return (
    <article class="one" aria-labelledby={`study-${name}`}>
      <header>
        <div>
          <h2 id={`study-${name}`}>{title}</h2>
          <p class="muted">{describe}</p>
        </div>
        {now?.name === name ? (
          <Progress label={now.text} onStop={stop} />
        ) : (
          <button
            type="button"
            disabled={now !== undefined}
            aria-label={`${found ? 'Do again' : 'Do it'}: ${title}`}
            onClick={() => void run([name])}
          >
            {found ? 'Do again' : 'Do it'}
          </button>
        )}
      </header>
      {found && (
        <>
          {/* Made safe where it was made: a report is drawn from the same. */}
          <div class="findings" dangerouslySetInnerHTML={{ __html: found.html }} />
          <p class="muted made">
            {about.value!.run}; {about.value!.images}
            {about.value!.others.length > 0 && `; beside ${about.value!.others.join(', ')}`}
            {!about.value!.isBeginningKnown && '; its first weights are not known, others as random stand for them'}
            {'seconds' in found.outcome && `; ${duration(1000 * found.outcome.seconds)}`}
          </p>
        </>
      )}
    </article>
  );
}
