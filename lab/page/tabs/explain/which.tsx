import { shelf } from '../../shelf.ts';
import { beside, explain, keep, load } from './store.ts';

/** A second network for the same picture. */
export function WhichNetworks() {
  return (
    <>
      <label class="field">
        <span class="caption">beside the network</span>
        <select
          value={beside.value ? shelf.value.indexOf(beside.value) : -1}
          onChange={({ currentTarget }) => {
            beside.value = shelf.value[Number(currentTarget.value)];
            void explain();
          }}
        >
          <option value={-1}>none</option>
          {shelf.value.map(({ title }, i) => (
            <option key={title} value={i}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <button type="button" title="To see it beside a later one" onClick={() => void keep()}>
        Keep this one
      </button>
      <label class="button" title="A .safetensors file; for another architecture also the config.json of its run">
        Load one
        <input
          type="file"
          multiple
          accept=".safetensors,.json"
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])];
            // The same file may be chosen again.
            currentTarget.value = '';
            if (files.length > 0) void load(files);
          }}
        />
      </label>
    </>
  );
}
