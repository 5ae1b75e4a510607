/** The part of the page that a step is about: found, framed, brought into sight. */
import { useEffect, useState } from 'preact/hooks';
import { namedTab } from '../address.ts';
import type { TourStep } from './steps.ts';

/** Pixels around what is shown. */
const MARGIN = 20;

/** What the reader does to move the page; from then on it is left where it is. */
const TAKES_OVER = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;

/** The step's target, as soon as its tab shows it. */
export function useTarget({ tab, target }: TourStep): HTMLElement | undefined {
  const [element, setElement] = useState<HTMLElement>();
  const isOpen = namedTab.value === tab;
  useEffect(() => {
    if (!isOpen) {
      setElement(undefined);
      return;
    }
    const look = () => setElement(document.querySelector<HTMLElement>(`[data-tour="${target}"]`) ?? undefined);
    const observer = new MutationObserver(look);
    observer.observe(document.getElementById('content')!, { childList: true, subtree: true });
    look();
    return () => observer.disconnect();
  }, [isOpen, target]);
  return element;
}

/** Frames an element and keeps it in sight while the page grows; tells at which side a card of that width is out of its way. */
export function useFrame(element: HTMLElement | undefined, cardWidth: () => number): 'left' | 'right' {
  const [side, setSide] = useState<'left' | 'right'>('right');
  useEffect(() => {
    if (!element) return;
    element.toggleAttribute('data-framed', true);
    const observer = new ResizeObserver(() => {
      bringIntoSight(element);
      const { left, right } = element.getBoundingClientRect();
      const room = cardWidth() + 2 * MARGIN;
      setSide(right > innerWidth - room && left >= room ? 'left' : 'right');
    });
    observer.observe(document.body);
    const leave = () => observer.disconnect();
    for (const event of TAKES_OVER) addEventListener(event, leave, { passive: true, capture: true });
    return () => {
      element.removeAttribute('data-framed');
      leave();
      for (const event of TAKES_OVER) removeEventListener(event, leave, { capture: true });
    };
  }, [element]);
  return side;
}

/** Scrolls to the top of the page where that shows it, else so that it begins at the top of the window, under what stays there. */
function bringIntoSight(element: HTMLElement): void {
  const bar = document.querySelector<HTMLElement>('.transport');
  const staysAtTop = bar && getComputedStyle(bar).position === 'sticky';
  const { top: start, bottom: end } = element.getBoundingClientRect();
  const isAtTop = end + scrollY < innerHeight / 2 || (staysAtTop && bar === element);
  const top = isAtTop ? 0 : start + scrollY - (staysAtTop ? bar.offsetHeight : 0) - MARGIN;
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  scrollTo({ top, behavior: isCalm ? 'instant' : 'smooth' });
}
