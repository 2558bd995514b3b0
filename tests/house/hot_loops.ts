/** Functions that may be longer than the house allows: hot loops, each with the measurement that justifies it. */
export const HOT_LOOPS: Readonly<Record<string, string>> = {};
