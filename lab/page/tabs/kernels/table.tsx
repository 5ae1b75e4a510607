import { useRef } from 'preact/hooks';
import { shortenShape } from '../../../../src/tensor/step-profile.ts';
import { duration, percent, short } from '../../parts/format.ts';
import { coloursOf, groupsOf, orderOf } from './groups.ts';
import { choose, chosen, grouping, list, times } from './store.ts';
import { intensityText, workgroupsText } from './text.ts';

/** The dispatches, one a line. The arrow keys go from one to the next. */
export function StepTable() {
  const body = useRef<HTMLTableSectionElement>(null);
  const step = list.value!;
  const measured = times.value;
  const groups = groupsOf(step, grouping.value, measured);
  const colours = coloursOf(groups);
  const order = orderOf(step, grouping.value, groups);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = by === undefined ? undefined : order[order.indexOf(chosen.value) + by];
    if (next === undefined) return;
    event.preventDefault();
    void choose(next);
    body.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
  };
  return (
    <section class="scroll step-table" aria-label="Dispatches of the step">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">
              #
            </th>
            <th scope="col">Kernel and variant</th>
            <th scope="col">Layer</th>
            <th scope="col">Shape</th>
            <th scope="col">Workgroups</th>
            <th scope="col" class="number">
              FLOP
            </th>
            <th scope="col" class="number">
              Bytes
            </th>
            <th scope="col" class="number">
              FLOP/byte
            </th>
            <th scope="col" class="number">
              Time
            </th>
            <th scope="col" class="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {order.map(place => {
            const row = step.rows[place]!;
            const line = measured?.lines[place];
            const isChosen = place === chosen.value;
            return (
              <tr key={place} class={isChosen ? 'chosen' : ''} onClick={() => void choose(place)}>
                <td class={`number key k${colours.get(place)}`}>{place + 1}</td>
                <td>
                  <button
                    type="button"
                    class="name"
                    data-place={place}
                    aria-pressed={isChosen}
                    tabIndex={isChosen ? 0 : -1}
                    onKeyDown={move}
                  >
                    {row.kernel}
                  </button>{' '}
                  <span class="muted">{row.variant}</span>
                </td>
                <td>{row.layer}</td>
                <td class="muted sizes" title={row.shape}>
                  {shortenShape(row.shape)}
                </td>
                <td>{workgroupsText(row.workgroups)}</td>
                <td class="number">{row.flops > 0 ? short(row.flops) : '–'}</td>
                <td class="number">{row.bytes > 0 ? short(row.bytes) : '–'}</td>
                <td class="number">{intensityText(row.flops, row.bytes)}</td>
                <td class="number">{line ? duration(line.milliseconds) : '–'}</td>
                <td class="number share" style={{ '--share': (line?.share ?? 0).toFixed(4) }}>
                  {line ? percent(line.share) : '–'}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
