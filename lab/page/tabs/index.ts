/** The tabs, from left to right. To add one, write tabs/NAME/index.tsx and name it here. */
import type { ComponentType } from 'preact';
import { Explain } from './explain/index.tsx';
import { Fork } from './fork/index.tsx';
import { Kernels } from './kernels/index.tsx';
import { Look } from './look/index.tsx';
import { Mistakes } from './mistakes/index.tsx';
import { Study } from './study/index.tsx';
import { Train } from './train/index.tsx';
import { Vgg16 } from './vgg16/index.tsx';

export interface Tab {
  /** In the address: `#train`. */
  readonly id: string;
  readonly title: string;
  readonly component: ComponentType;
}

export const tabs: readonly Tab[] = [
  { id: 'train', title: 'Train', component: Train },
  { id: 'look', title: 'Look', component: Look },
  { id: 'fork', title: 'Fork', component: Fork },
  { id: 'explain', title: 'Explain', component: Explain },
  { id: 'study', title: 'Study', component: Study },
  { id: 'mistakes', title: 'Mistakes', component: Mistakes },
  { id: 'kernels', title: 'Kernels', component: Kernels },
  { id: 'vgg16', title: 'VGG16', component: Vgg16 },
];
