/**
 * A network as the places where values can be looked at, in the order in which they are computed: the picture, then every
 * layer that makes new values. Containers have no values of their own, and what passes values on as they are in use (flatten,
 * dropout) is left out: whoever comes behind it takes them from the station before, at the same place in the row.
 */

/** The station that the picture is. */
export const PICTURE = '';

export interface Station {
  /** Of the layer, as the model has it; '' for the picture. */
  readonly name: string;
  /** Of the layer: 'conv2d'; 'picture'. */
  readonly type: string;
  /** Behind its sums: 'relu'. */
  readonly activation: string;
  /** Of one example. */
  readonly shape: readonly number[];
  /** Stations that its values are made of: none for the picture, two for an addition. */
  readonly sources: readonly string[];
  /** Stations that its values go into; none for the last, whose values are the logits. */
  readonly uses: readonly string[];
  /** Whether values below zero are possible. */
  readonly signed: boolean;
  /** Of the picture that one value depends on: `7 x 7`. */
  readonly sees: string;
  /** What it multiplies by; its full name, and its shape as maps [rows, columns, inputs, outputs]. */
  readonly kernel: { readonly name: string; readonly shape: readonly [number, number, number, number] } | undefined;
}
