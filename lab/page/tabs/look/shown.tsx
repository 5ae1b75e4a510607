import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';

/** A list of which the first are shown, and the others when they are asked for. */
export function useShown<T>(all: readonly T[], few: number): { shown: readonly T[]; more: ComponentChild } {
  const [isAll, setAll] = useState(false);
  const more = all.length > few && (
    <button type="button" class="more" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
      {isAll ? `Show the ${few} largest` : `Show all ${all.length}`}
    </button>
  );
  return { shown: isAll ? all : all.slice(0, few), more };
}
