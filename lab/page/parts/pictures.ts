import { useEffect, useState } from 'preact/hooks';
import { ask } from '../client.ts';
import { attempt } from '../store.ts';

/** Bytes of the pictures at these places, once they are there. */
export function usePictures(places: readonly number[]): Uint8Array | undefined {
  const [found, setFound] = useState<{ names: string; bytes: Uint8Array }>();
  const names = places.join();
  useEffect(() => {
    void attempt('The pictures could not be shown', async () =>
      setFound({ names, bytes: await ask('image.bytes', { places }) }),
    );
  }, [names]);
  return found?.names === names ? found.bytes : undefined;
}
