import { BesideSelect } from '../../parts/beside-select.tsx';
import { beside, explain, keep, load } from './store.ts';

/** A second network for the same picture. */
export function WhichNetworks() {
  return (
    <>
      <BesideSelect
        value={beside.value}
        onChoose={chosen => {
          beside.value = chosen;
          void explain();
        }}
      />
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
