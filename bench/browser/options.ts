/** What the page offers to whoever drives it, apart from the page, whose imports are for browsers. */
import type { Results } from '../results.ts';

export interface PageOptions {
  /** Names of suites; all that a page can run when absent. */
  readonly suites?: readonly string[];
  /** Names of single cases, of those suites. */
  readonly names?: readonly string[];
  readonly peers: readonly string[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Of the weft that is measured. */
  readonly version: string;
}

declare global {
  var benchInPage: (options: PageOptions) => Promise<Results>;
  /** Where progress goes when the command drives the page. */
  var benchLog: ((line: string) => void) | undefined;
}
