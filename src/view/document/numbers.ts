/** `4,200`. */
export function formatCount(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** `3 rooms`, `1 room`. */
export function counted(amount: number, noun: string): string {
  return `${amount} ${plural(amount, noun)}`;
}

/** The noun in the form for an amount: `room` for one, else `rooms`. */
export function plural(amount: number, noun: string): string {
  return amount === 1 ? noun : `${noun}s`;
}

/** `3 rooms wait`, `1 room waits`. */
export function waitVerb(amount: number): string {
  return amount === 1 ? "waits" : "wait";
}
