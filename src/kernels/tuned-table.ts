import type { AdapterInfo, Capabilities } from '../gpu/capabilities.ts';
import { mayChoose } from './choose.ts';
import { hashText } from './hash.ts';
import { instantiate } from './shader.ts';
import type { KernelSpec, Params, Trade } from './spec.ts';

/** What decides which variant is fastest, beside the call itself. */
export interface TuningTarget {
  readonly info: AdapterInfo;
  readonly caps: Capabilities;
  readonly allow: readonly Trade[];
}

/**
 * Adapter, driver, what kernels may count on and what they may give up, as text: the key of a user's measurements. They
 * are not carried over to another driver version, which may compile everything differently.
 */
export function targetKey({ info, caps, allow }: TuningTarget): string {
  const { vendor, architecture, device, description } = info;
  // How a program is timed says nothing about which variant is fastest.
  const { timestamps: _, ...counted } = caps;
  return JSON.stringify([vendor, architecture, device, description, counted, [...allow].sort()]);
}

/**
 * The class of adapters that a table of ours holds for: of a GPU the vendor's architecture, of a software driver its
 * name; and the subgroup size, which is the vector width of the processor that a software driver computes on. Not the
 * version of the driver: what is fastest changes little between two, and a table a little off is still nearer than an
 * estimate.
 */
export function adapterClass({ info, caps }: Pick<TuningTarget, 'info' | 'caps'>): string {
  const { vendor, architecture, device, description } = info;
  const known = /llvmpipe|lavapipe|swiftshader|warp|basic render/i.exec(`${device} ${description}`)?.[0].toLowerCase();
  const software = known === 'llvmpipe' ? 'lavapipe' : (known ?? 'software');
  const name = caps.software ? software : `${vendor} ${architecture}`;
  return `${name.trim().replace(/[^a-z0-9]+/gi, '-')}-${caps.subgroupSize}`;
}

/** A variant measured to be the best for a call, and of which kernel that was said. */
export interface TunedRow {
  readonly variant: string;
  /** See `fingerprint`. Absent in tables that ship with the kernels they are about. */
  readonly fingerprint?: string | undefined;
}

interface Row extends TunedRow {
  readonly p: Params;
}

/** Rows, images, elements: a call this many times as large, or as small, still counts as the same class of shapes. */
const SAME_CLASS = 2;

/**
 * Measured choices: what a call is to be computed with.
 *
 * A call that was measured itself decides first. Otherwise one of the same class does: all parameters alike but the
 * number of rows that the kernel can be cut along (images of a batch, rows of a matrix), and that within a factor of 2.
 * Work by the row is the same then, and the device about as full. Anything else (another width, another number of
 * channels) fills tiles and lanes differently, so nothing is concluded from it.
 */
export class TunedTable {
  private readonly rows = new Map<string, Row[]>();

  constructor(rows: Readonly<Record<string, TunedRow>>) {
    for (const [key, row] of Object.entries(rows)) {
      const [kernel = '', ...params] = key.split(' ');
      const p = Object.fromEntries(params.map(text => text.split('=')).map(([name, value]) => [name, Number(value)]));
      this.rows.set(kernel, [...(this.rows.get(kernel) ?? []), { ...row, p }]);
    }
  }

  /** The name of the variant to use; undefined when the table cannot say, or says it of kernels that have changed. */
  find<P extends Params>(
    spec: KernelSpec<P>,
    p: P,
    caps: Capabilities,
    allow: readonly Trade[] = [],
  ): string | undefined {
    const alike = (this.rows.get(spec.name) ?? [])
      .map(row => ({ ...row, distance: distance(spec, p, row.p) }))
      .filter(row => row.distance <= SAME_CLASS)
      .sort((a, b) => a.distance - b.distance);
    return alike.find(row => {
      const variant = spec.variants.find(({ name }) => name === row.variant);
      if (!variant || !mayChoose(variant, p, caps, allow)) return false;
      return row.fingerprint === undefined || row.fingerprint === fingerprint(spec, row.p as P, caps, allow);
    })?.variant;
  }
}

/** How many times as many rows one call has as the other; infinite when they differ in anything else. */
function distance<P extends Params>(spec: KernelSpec<P>, p: P, measured: Params): number {
  const rule = spec.slice?.(p);
  let factor = 1;
  const names = Object.keys(p).filter(name => Number.isInteger(p[name]));
  if (names.length !== Object.keys(measured).length) return Number.POSITIVE_INFINITY;
  for (const name of names) {
    const [a, b] = [p[name]!, measured[name]];
    if (a === b || (name === rule?.base && b !== undefined)) continue;
    if (name !== rule?.param || !b || !a) return Number.POSITIVE_INFINITY;
    factor = Math.max(a / b, b / a);
  }
  return factor;
}

/**
 * A hash of all that any variant would tell the device to do for a call: WGSL, uniforms, bindings, workgroups. A row
 * measured with other kernels, or with fewer to choose from, has another one and no longer counts.
 */
export function fingerprint<P extends Params>(
  spec: KernelSpec<P>,
  p: P,
  caps: Capabilities,
  allow: readonly Trade[] = [],
): string {
  // As a table's key has it: without rates and the like, which decide nothing.
  const counts = Object.fromEntries(Object.entries(p).filter(([, value]) => Number.isInteger(value))) as P;
  const plans = spec.variants
    .filter(variant => mayChoose(variant, counts, caps, allow))
    .map(variant => {
      const { dispatches, scratch } = variant.plan(counts, caps);
      const told = dispatches.map(({ shader, constants, uniform, bindings, workgroups }) => {
        return [hashText(instantiate(shader, constants)), uniform, bindings, workgroups];
      });
      return [variant.name, told, scratch];
    });
  return hashText(JSON.stringify([spec.name, plans]));
}
