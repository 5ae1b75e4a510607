/** VGG16's weights, the picture that it is shown, and which layer of each block is looked at. */
import { signal } from '@preact/signals';
import type { Vgg16State } from '../../../protocol.ts';
import { ask, hear, unlessStopped } from '../../client.ts';
import { attempt, state } from '../../store.ts';
import { samplePhoto } from './photo.ts';

export const vgg16 = signal<Vgg16State>({ weights: { status: 'none' }, look: undefined });

export const SIZES = [32, 64, 96] as const;
export const size = signal<number>(SIZES[0]);

export type Picture =
  | { readonly kind: 'data'; readonly index: number }
  | { readonly kind: 'photo'; readonly name: string; readonly photo: ImageBitmap };
/** Until one is chosen, the first held-back one. */
export const picture = signal<Picture | undefined>(undefined);

/** Counts the pictures that were shown, so that what belongs to one is asked for anew with the next. */
export const shown = signal(0);

hear('vgg16', value => {
  vgg16.value = value;
});

export const load = () => attempt('The weights could not be loaded', () => unlessStopped(ask('vgg16.fetch')));

export const take = (file: File) =>
  attempt('That file could not be used', async () => {
    await ask('vgg16.take', { file, name: file.name });
  });

/** Takes a photo of the reader's own. */
export const upload = (file: File) =>
  attempt('That picture could not be read', async () => {
    const photo = await createImageBitmap(file).catch(() => {
      throw new Error(`${file.name} is no picture that this browser can read; a PNG or a JPEG will do`);
    });
    await show({ kind: 'photo', name: file.name, photo });
  });

/** The picture that is shown, or would be. */
export function present(): Picture {
  return picture.value ?? { kind: 'data', index: state.value.data?.train ?? 0 };
}

/** Shows the network a picture, or the same at another size. */
export async function show(next: Picture = present(), side: number = size.value): Promise<void> {
  picture.value = next;
  size.value = side;
  if (vgg16.value.weights.status !== 'ready') return;
  shown.value++;
  await attempt('VGG16 could not look at that picture', () =>
    next.kind === 'data'
      ? ask('vgg16.seeData', { index: next.index, size: side })
      : ask('vgg16.seePhoto', { pixels: samplePhoto(next.photo, side), size: side }),
  );
}
