// Datadriven vectors: a directive with arguments, input lines, a line `----`, the expected output up to an empty line.

export interface Directive {
  readonly line: number;
  readonly command: string;
  readonly argument: (name: string) => string | undefined;
  readonly input: readonly string[];
  readonly expected: readonly string[];
}

export function parseDatadriven(text: string): Directive[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const directives: Directive[] = [];
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i]!;
    if (head === "" || head.startsWith("#")) continue;
    const line = i + 1;
    const block = (isEnd: (line: string) => boolean): string[] => {
      const taken: string[] = [];
      while (++i < lines.length && !isEnd(lines[i]!)) taken.push(lines[i]!);
      return taken;
    };
    const input = block((text) => text === "----");
    const expected = block((text) => text === "");
    const values = new Map([...head.matchAll(/([\w-]+)=(\([^)]*\)|\S+)/g)].map((match) => [match[1]!, match[2]!]));
    directives.push({ line, command: head.split(" ")[0]!, argument: (name) => values.get(name), input, expected });
  }
  return directives;
}

/** The words of `(a, b)` or `(a b)`. */
export function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : value.replace(/^\(|\)$/g, "").split(/[\s,]+/).filter((word) => word !== "");
}
