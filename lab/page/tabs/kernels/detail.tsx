import { shortenShape } from '../../../../src/tensor/step-profile.ts';
import { amount, duration, percent, shape } from '../../parts/format.ts';
import { Wgsl } from '../../parts/wgsl.tsx';
import { Ladder } from './ladder.tsx';
import { Own } from './own.tsx';
import { Roofline } from './roofline.tsx';
import { call, chosen, chosenRow, roof, times } from './store.ts';
import { intensityText, workgroupsText } from './text.ts';

/** One dispatch: what it is, where it stands under the roof, how else it could be computed, and its text. */
export function Detail() {
  const row = chosenRow.value;
  if (!row) return null;
  return (
    <section class="dispatch" aria-labelledby="dispatch-title">
      <h2 id="dispatch-title">
        Dispatch {chosen.value + 1}: {row.kernel} <span class="muted">{row.variant}</span>
      </h2>
      <div class="halves">
        <Facts />
        <Roofline />
      </div>
      <Ladder />
      <div class="halves">
        <section aria-labelledby="source-title">
          <h3 id="source-title">Its WGSL</h3>
          <Wgsl code={row.code} label={`WGSL of ${row.kernel}, ${row.variant}`} />
        </section>
        <Own />
      </div>
    </section>
  );
}

function Facts() {
  const row = chosenRow.value!;
  const line = times.value?.lines[chosen.value];
  const { flops, bytes, workgroups, code, layer } = row;
  const constants = constantsOf(code);
  const threads = threadsOf(code, new Map(constants));
  const facts: [string, string | undefined][] = [
    ['layer', layer],
    ['shape', shortenShape(row.shape)],
    ['workgroups', `${workgroupsText(workgroups)}${threads ? ` of ${threads} threads` : ''}`],
    ['operations', flops > 0 ? amount(flops, 'FLOP') : undefined],
    ['moves at least', bytes > 0 ? amount(bytes, 'B') : undefined],
    ['intensity', flops > 0 && bytes > 0 ? `${intensityText(flops, bytes)} FLOP/byte` : undefined],
    ['time', line && duration(line.milliseconds)],
    ['speed', line && speedText(line)],
    ['of the roof', line && ofRoof(line)],
  ];
  return (
    <section aria-labelledby="facts-title">
      <h3 id="facts-title">What it is</h3>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
        {call.value?.tensors.map(({ name, role, dtype, shape: sizes }) => (
          <div key={`tensor ${name}`}>
            <dt>{WORDS[role]}</dt>
            <dd>
              <code>{name}</code> {dtype === 'f32' ? '' : `${dtype} `}
              {shape(sizes)}
            </dd>
          </div>
        ))}
      </dl>
      {constants.length > 0 && (
        <p class="constants">
          <span class="muted">Tile and other constants </span>
          {constants.map(([name, value]) => (
            <code key={name}>
              {name} = {value}
            </code>
          ))}
        </p>
      )}
    </section>
  );
}

const WORDS = { in: 'reads', out: 'writes', inout: 'changes' } as const;

interface Speeds {
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
  readonly flops: number;
}

function speedText({ gflopsPerSecond, gigabytesPerSecond, flops }: Speeds): string {
  const moved = `${gigabytesPerSecond.toPrecision(3)} GB/s`;
  return flops > 0 ? `${gflopsPerSecond.toPrecision(3)} GFLOP/s, ${moved}` : moved;
}

/** Of what this device could do with as many operations for each byte; caches may let it move more than memory does. */
function ofRoof({ gflopsPerSecond, gigabytesPerSecond }: Speeds): string | undefined {
  if (!roof.value) return undefined;
  return percent(Math.max(gflopsPerSecond / roof.value.gflops, gigabytesPerSecond / roof.value.gigabytesPerSecond), 0);
}

/** [64] or [8, 8] as it stands in the text, constants by their values. */
function threadsOf(code: string, constants: ReadonlyMap<string, string>): string | undefined {
  const sizes = /@workgroup_size\(([^)]*)\)/
    .exec(code)?.[1]
    ?.split(',')
    .map(size => size.trim());
  return sizes?.map(size => constants.get(size) ?? size.replace(/[iu]$/, '')).join(' × ');
}

/** The `const` lines of a shader with simple values. */
function constantsOf(code: string): [name: string, value: string][] {
  const lines = code.matchAll(/^const (\w+)(?:\s*:\s*\w+)?\s*=\s*([^;\n]{1,24});/gm);
  return Array.from(lines, ([, name, value]) => [name!, value!.replace(/^(-?[\d.]+)[iu]$/, '$1')]);
}
