/** A run as text for the terminal. */
import { table } from '../src/cli/output.ts';
import { bestPeer, headline, rateOf } from './ratios.ts';
import type { Line, Results, Row } from './results.ts';

export function describeResults(results: Results): string {
  const { adapter, host, roofline, settings, peers, lines } = results;
  const missing = peers.filter(peer => peer.missing !== undefined);
  return [
    `on ${adapter.device} (${adapter.driver}), ${host.cores} x ${host.cpu}; Dawn's bounds checks on, all rest while waiting`,
    ...(roofline
      ? [
          `roofline: ${roofline.gflops.median.toPrecision(3)} GFLOP/s, ${roofline.gigabytesPerSecond.median.toPrecision(3)} GB/s`,
        ]
      : []),
    ...settings.suites.map(
      suite =>
        `\n${suite}\n${suiteTable(
          results,
          lines.filter(line => line.suite === suite),
        )}`,
    ),
    ...(missing.length > 0 ? ['', ...missing.map(({ name, missing: why }) => `missing: ${name}: ${why}`)] : []),
  ].join('\n');
}

function suiteTable(results: Results, lines: readonly Line[]): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = lines.flatMap(line => [
    [line.name + (line.mode === 'latency' ? ', latency' : '')],
    ...line.rows.filter(row => row.value).map(row => cells(results, line, row)),
    ...skips(line),
  ]);
  const columns = ['median', 'from', 'to', 'CPU ms', 'GFLOP/s', 'GB/s', 'x weft', 'error'].map(right);
  return table([{ title: 'case' }, ...columns, { title: 'how' }], rows);
}

function cells(results: Results, line: Line, row: Row): string[] {
  const ours = headline(line)?.value?.median;
  const value = row.value!;
  const show = (v: number) => (line.unit === 'bytes' ? `${(v / 2 ** 20).toFixed(0)} MiB` : milliseconds(v));
  const best = bestPeer(results, line)?.peer === row.peer ? ' <' : '';
  return [
    ...[`  ${row.peer}${best}`, show(value.median), show(value.min), show(value.max)],
    ...[row.processor === undefined ? '' : milliseconds(row.processor)],
    ...[number(rateOf(line.flops, value.median)), number(rateOf(line.bytes, value.median))],
    ...[ours ? (value.median / ours).toFixed(2) : '', row.error === undefined ? '' : row.error.toExponential(1)],
    [row.traded, row.how]
      .filter(text => text)
      .join(', ')
      .slice(0, 60),
  ];
}

/** Those who did not take part, with a reason that they share on one line. */
function skips({ rows }: Line): string[][] {
  const reasons = new Map<string, string[]>();
  for (const { peer, skipped } of rows) if (skipped) reasons.set(skipped, [...(reasons.get(skipped) ?? []), peer]);
  return [...reasons].map(([why, who]) => [`  not ${who.join(', ')}: ${why.slice(0, 100)}`]);
}

const milliseconds = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const number = (value: number | undefined) => (value === undefined ? '' : value.toPrecision(3));
