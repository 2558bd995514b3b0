// Where functions begin and end, and how many lines and parameters each has of its own.
import { type Token, tokensOf } from "./tokens.ts";

/** A function with a body in braces. */
export interface FunctionSpan {
  readonly name: string;
  /** The lines of its body's braces, from 1. */
  readonly first: number;
  readonly last: number;
  readonly parameters: number;
  /** Its lines less those of the functions that stand in it, each of which counts for itself. */
  ownLines: number;
}

const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "return", "typeof", "await", "in", "of"]);
const OPENERS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The functions of a source text, in the order in which their bodies begin. */
export function functionsOf(text: string): FunctionSpan[] {
  const tokens = tokensOf(text);
  const partner = partners(tokens);
  const spans: FunctionSpan[] = [];
  tokens.forEach((token, at) => {
    if (token.text !== "(") return;
    const close = partner[at]!;
    const body = bodyAfter(tokens, partner, at, close);
    if (body === null) return;
    const first = tokens[body]!.line, last = tokens[partner[body]!]!.line;
    const parameters = countParameters(tokens, partner, at, close);
    spans.push({ name: nameBefore(tokens, at), first, last, parameters, ownLines: 0 });
  });
  for (const span of spans) {
    const inner = spans.filter((other) => other !== span && span.first <= other.first && other.last <= span.last);
    const nested = new Set<number>();
    for (const other of inner) for (let line = other.first + 1; line < other.last; line++) nested.add(line);
    span.ownLines = span.last - span.first + 1 - nested.size;
  }
  return spans;
}

/** The place of each bracket's partner. */
function partners(tokens: readonly Token[]): number[] {
  const partner: number[] = [];
  const open: number[] = [];
  tokens.forEach(({ text }, at) => {
    if (Object.hasOwn(OPENERS, text)) open.push(at);
    else if (text === ")" || text === "]" || text === "}") {
      const from = open.pop() ?? at;
      partner[from] = at;
      partner[at] = from;
    }
  });
  return partner;
}

/** The place of the brace that opens the body of the function whose parameters stand from `open` to `close`; null if there is none. */
function bodyAfter(tokens: readonly Token[], partner: readonly number[], open: number, close: number): number | null {
  const before = tokens[open - 1]?.text ?? "";
  let at = close + 1;
  if (tokens[at]?.text === ":") at = afterType(tokens, partner, at + 1);
  const isArrow = tokens[at]?.text === "=>";
  if (isArrow) at++;
  if (tokens[at]?.text !== "{") return null;
  if (isArrow) return at;
  // What calls is followed by no brace; a statement's keyword is.
  return /^[\w$"\]>]+$/.test(before) && !CONTROL.has(before) ? at : null;
}

/** The place after a type: a brace within it follows `:`, `|`, `&`, `<`, `,`, a bracket or `=>`; any other brace opens a body. */
function afterType(tokens: readonly Token[], partner: readonly number[], from: number): number {
  let at = from;
  let angles = 0;
  while (at < tokens.length) {
    const { text } = tokens[at]!;
    const isWithin = at === from || /^(?:[|&<,:=]|=>|is|extends)$/.test(tokens[at - 1]!.text) || angles > 0;
    if (text === "{" && !isWithin) return at;
    if (text === "=>" && angles === 0 && tokens[at - 1]!.text !== ")") return at;
    if (text === "=>" && angles === 0 && tokens[at + 1]?.text === "{") return at;
    if (Object.hasOwn(OPENERS, text)) at = partner[at]!;
    else if (text === "<") angles++;
    else if (text === ">") angles--;
    else if (/^[);=\]}]$/.test(text) || (text === "," && angles === 0)) return at;
    at++;
  }
  return at;
}

function countParameters(tokens: readonly Token[], partner: readonly number[], open: number, close: number): number {
  let commas = 0, angles = 0, hasAny = false;
  for (let at = open + 1; at < close; at++) {
    const { text } = tokens[at]!;
    hasAny = true;
    if (Object.hasOwn(OPENERS, text)) at = partner[at]!;
    else if (text === "<") angles++;
    else if (text === ">") angles--;
    else if (text === "," && angles === 0 && at + 1 < close) commas++;
  }
  return hasAny ? commas + 1 : 0;
}

/** The nearest word before the parameters: a declaration's or method's name, or what an arrow is assigned to. */
function nameBefore(tokens: readonly Token[], open: number): string {
  for (let at = open - 1; at > Math.max(0, open - 12); at--) {
    const { text } = tokens[at]!;
    if (/^[A-Za-z_$#]/.test(text) && !["function", "async", "const", "get", "set"].includes(text)) return text;
    if (text === ";" || text === "{" || text === "}") break;
  }
  return "a function";
}
