/** The part of the address behind `#`: the tab, then what it wants to keep: `#train?net=cnn&seed=1`. */
import { signal } from '@preact/signals';

function parse(): { readonly tab: string; readonly params: URLSearchParams } {
  const [tab = '', query = ''] = location.hash.replace(/^#/, '').split('?');
  return { tab, params: new URLSearchParams(query) };
}

/** Id of the tab that the address names; '' where it names none. */
export const namedTab = signal(parse().tab);

globalThis.addEventListener('hashchange', () => {
  namedTab.value = parse().tab;
});

/** What the address says beside the tab. */
export function addressParams(): URLSearchParams {
  return parse().params;
}

/** Puts parameters into the address, without a new entry in the history. */
export function setAddressParams(params: Readonly<Record<string, string>>): void {
  const { tab } = parse();
  history.replaceState(null, '', `#${tab}?${new URLSearchParams(params)}`);
}
