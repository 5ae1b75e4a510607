import type { BindingRef, Plan } from './spec.ts';

/** The same plan on other tensors: `names` says what takes the place of a tensor. Scratch keeps its name. */
export function rebind(plan: Plan, names: Readonly<Record<string, BindingRef>>): Plan {
  const replace = (ref: BindingRef): BindingRef => {
    if (typeof ref === 'string') return names[ref] ?? ref;
    const other = names[ref.name];
    if (other === undefined) return ref;
    return { ...(typeof other === 'string' ? { name: other } : other), ...ref, name: nameOf(other) };
  };
  return { ...plan, dispatches: plan.dispatches.map(d => ({ ...d, bindings: d.bindings.map(replace) })) };
}

const nameOf = (ref: BindingRef) => (typeof ref === 'string' ? ref : ref.name);
